import { expect } from "vitest";
import type { Finished } from "./krustlet.ts";

/** Every bad input: one sentence that names what is wrong, a non-zero exit code, no stack trace, no output. */
export function expectOneSentence(result: Finished, ...named: readonly string[]): void {
  for (const name of named) expect(result.stderr).toContain(name);
  expect(result.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(result.stderr).not.toContain("[object Object]");
  // Lines before it may tell of the pull's progress.
  expect(result.stderr.trim().split("\n").at(-1)).toMatch(/^krustlet: \S/);
  expect(result.stdout).toBe("");
  expect(result.code).not.toBe(0);
  expect(result.signal).toBeNull();
}
