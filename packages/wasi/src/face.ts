import type { Guest } from "./guest.ts";

/** What an import function answers: an errno, at once or, when it has to wait, later. */
export type Answer = number | Promise<number>;

/** One import: gets the guest and the guest's own arguments (`i32` as number, `i64` as bigint). */
// Each import has a signature of its own, checked by the engine against the module; hence `never`.
export type ImportFunction = (guest: Guest, ...args: never[]) => Answer;

/** The functions of one import module, by name. */
export interface Face {
  /** Functions that always answer at once: plain imports. */
  readonly quick: Readonly<Record<string, ImportFunction>>;
  /** Functions that may wait: suspending imports. */
  readonly waiting: Readonly<Record<string, ImportFunction>>;
}
