/** Where a Pod runs: by `krustlet run`, from a manifest, or on a node of a cluster. */
export type FieldPlace = "run" | "node";

/** What Krustlet does with a field: of the Pod API (on a node of a cluster: `node`, if that differs), of a configuration. */
export type FieldSupport = PlaceSupport & { readonly node?: PlaceSupport };

/** What is done with a field in one place. */
export type PlaceSupport =
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
export const supported: PlaceSupport = { support: "supported" };

/** Honoured, with something to know. */
export function supportedAs(note: string): PlaceSupport {
  return { support: "supported", note };
}

/** Not read; its absence changes nothing for the user. */
export function ignored(why: string): PlaceSupport {
  return { support: "ignored", why };
}

/** Not read, and the user is told. */
export function ignoredLoudly(why: string): PlaceSupport {
  return { support: "ignored", why, warn: true };
}

/** Refused. */
export function refused(why: string): PlaceSupport {
  return { support: "refused", why };
}

/** Refused, but for values that ask for no more than what is done anyway. */
export function refusedUnless(unless: readonly (string | number | boolean)[], why: string): PlaceSupport {
  return { support: "refused", why, unless };
}

/** One thing by `krustlet run`, and another on a node of a cluster. */
export function onNode(run: PlaceSupport, node: PlaceSupport): FieldSupport {
  return { ...run, node };
}

/** What is done with a field in `place`. */
export function supportIn(place: FieldPlace, field: FieldSupport): PlaceSupport {
  return place === "node" ? (field.node ?? field) : field;
}
