/**
 * The machine's time, for whoever is given a `Clock`.
 *
 * @example
 * ```ts
 * import { systemClock } from "@krustlet/clock";
 *
 * const patience = AbortSignal.timeout(100);
 * await systemClock.sleep(3_600_000, { signal: patience }).catch((error) => error.name); // "TimeoutError"
 * ```
 *
 * @packageDocumentation
 */
export { systemClock } from "./system-clock.ts";
export { within } from "./within.ts";
export type { TimeLimit } from "./within.ts";
