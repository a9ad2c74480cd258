import { moduleOf } from "./shelf-puller.ts";

const FILES = ["f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"];

/** The images that the tags `a:1` and `b:1` stand for by turns. */
export const TEXTS: readonly string[] = [0, 1, 2, 3, 4, 5, 6].flatMap((turn) => [`a${turn}`, `b${turn}`]);

/** Most of the work of pulling one goes into its tree, which has the most moments at which it is half there. */
export function imageOf(text: string): {
  readonly module: Buffer;
  readonly files: Readonly<Record<string, string>>;
} {
  return { module: moduleOf(text, 40_000), files: Object.fromEntries(FILES.map((name) => [name, text])) };
}
