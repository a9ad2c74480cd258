/** A path in components; empty ones and `.` are left out. */
export interface SplitPath {
  readonly components: readonly string[];
  /** It ends in a slash or in `.`, so it has to be a directory. */
  readonly directory: boolean;
}

/** The components of a path that a guest gave. */
export function splitPath(path: string): SplitPath {
  const parts = path.split("/");
  const last = parts.at(-1);
  return {
    components: parts.filter((part) => part !== "" && part !== "."),
    directory: last === "" || last === ".",
  };
}
