import { relative } from "node:path";

/** Paths beneath a directory, each with its parents. */
export interface PathSet {
  add(path: string): void;
  has(path: string): boolean;
}

type Names = Map<string, Names>;

/** An empty set of paths beneath `root`. It holds each name once: a layer may have many files far down. */
export function createPathSet(root: string): PathSet {
  const top: Names = new Map();
  const namesOf = (path: string): readonly string[] => relative(root, path).split("/");
  return {
    add(path) {
      let at = top;
      for (const name of namesOf(path)) {
        const next: Names = at.get(name) ?? new Map<string, Names>();
        at.set(name, next);
        at = next;
      }
    },
    has(path) {
      let at: Names | undefined = top;
      for (const name of namesOf(path)) at = at?.get(name);
      return at !== undefined;
    },
  };
}
