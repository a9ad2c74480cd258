import type { Cancellable, Clock } from "@krustlet/interface";
import type { Doing } from "./call-within.ts";
import { systemClock } from "@krustlet/clock";

/** Options of every call of this room that talks to the API server. */
export interface DoerOptions extends Cancellable {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** A number from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** How long one call of the API server may take. Default: 10 s. */
  readonly callTimeoutMs?: number;
  /** Told each failure that is followed by another try. */
  readonly onFailure?: (error: unknown) => void;
}

/** The options with their defaults. */
export function doingOf(options: DoerOptions): Doing & { readonly onFailure: (error: unknown) => void } {
  return {
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    signal: options.signal ?? new AbortController().signal,
    callTimeoutMs: options.callTimeoutMs ?? 10_000,
    onFailure: options.onFailure ?? (() => {}),
  };
}
