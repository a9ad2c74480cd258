/** What Krustlet does with a field: of the Pod API, of a configuration. */
export type FieldSupport =
  | { readonly support: "supported"; readonly note?: string }
  /** Left unread. `warn`: the user is told, because they may have counted on it. */
  | { readonly support: "ignored"; readonly why: string; readonly warn?: true }
  /** Who sets it (to a value that is none of `unless`) is refused, because what runs would not be what was asked for. */
  | {
      readonly support: "refused";
      readonly why: string;
      readonly unless?: readonly (string | number | boolean)[];
    };

/** Field paths to what is done with them and with all fields beneath that have no entry of their own. */
export type FieldTable = Readonly<Record<string, FieldSupport>>;

/** The field is honoured. */
export const supported: FieldSupport = { support: "supported" };

/** Honoured, with something to know. */
export function supportedAs(note: string): FieldSupport {
  return { support: "supported", note };
}

/** Not read; its absence changes nothing for the user. */
export function ignored(why: string): FieldSupport {
  return { support: "ignored", why };
}

/** Not read, and the user is told. */
export function ignoredLoudly(why: string): FieldSupport {
  return { support: "ignored", why, warn: true };
}

/** Refused. */
export function refused(why: string): FieldSupport {
  return { support: "refused", why };
}

/** Refused, but for values that ask for no more than what is done anyway. */
export function refusedUnless(unless: readonly (string | number | boolean)[], why: string): FieldSupport {
  return { support: "refused", why, unless };
}
