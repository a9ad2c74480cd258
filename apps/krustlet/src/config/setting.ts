/** How the values of a setting are written, and what they become. */
export interface SettingKind<T> {
  /** What a value is called in the help. */
  readonly value: string;
  /** What a bare flag means, where it may be given without a value. */
  readonly bare?: string;
  /** True: it is made absolute. */
  readonly isPath?: true;
  /** From a flag or a variable. Throws an Error whose message completes the sentence `--flag "text" …`. */
  parse(text: string): T;
  /** From a checked configuration file. Throws as `parse` does. */
  read(value: unknown): T;
  /** As a KubeletConfiguration writes it. */
  show(value: T): unknown;
}

/** The headings of `krustlet node --help` and docs/configuration.md, in their order. */
export const SETTING_GROUPS = [
  "Cluster",
  "Node",
  "HTTPS API",
  "Pods",
  "Images",
  "Directories",
  "Logs of the node itself",
] as const;

/** One setting of `krustlet node`: everywhere it may come from, and what it is by default. */
export interface Setting<T> {
  readonly group: (typeof SETTING_GROUPS)[number];
  readonly help: string;
  readonly kind: SettingKind<T>;
  /** Names of its flag; the help shows the first one. */
  readonly flags: readonly string[];
  readonly short?: string;
  /** Names of its environment variable. */
  readonly env?: readonly string[];
  /** Where a KubeletConfiguration has it, such as `authentication.x509.clientCAFile`. */
  readonly field?: string;
  /** True: 0, `0s` and the empty text in a KubeletConfiguration mean the default, as they do to the kubelet. */
  readonly zeroIsUnset?: true;
  /** Its key in Krustlet's own `config.json`. */
  readonly key?: string;
  /** The default, and how the documentation tells it where it depends on the machine. */
  readonly fallback: NoInfer<T> | ((surroundings: Surroundings) => NoInfer<T>);
  readonly told?: string;
}

/** What defaults depend on. */
export interface Surroundings {
  /** The machine's name. */
  readonly hostname: string;
  /** The root directory of everything that is kept. */
  readonly root: string;
}

/** Checks the types of a setting; what is looked up is what is written. */
export function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}
