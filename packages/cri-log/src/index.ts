/**
 * Container logs in CRI format: the lines of their files, and where the files are. Nothing here reads or writes one.
 *
 * @example
 * ```ts
 * import { criLogLineOf, parseCriLogLine } from "@krustlet/cri-log";
 *
 * const line = criLogLineOf(new Date("2026-02-03T04:05:06Z"), "stdout", { text: Buffer.from("hello"), partial: false });
 * parseCriLogLine(line.subarray(0, -1))?.text.toString(); // "hello"
 * ```
 *
 * @packageDocumentation
 */
export { comparableTimeOf } from "./comparable-time.ts";
export { logDirOf, logPathOf, pathSegmentOf, rotatedLogPathOf } from "./log-paths.ts";
export { parseCriLogLine } from "./parse-cri-log-line.ts";
export type { CriLogEntry } from "./parse-cri-log-line.ts";
export { CRI_LOG_LINE_BYTES, criLogLineOf, splitLogLines } from "./write-cri-log-line.ts";
export type { SplitLines } from "./write-cri-log-line.ts";
