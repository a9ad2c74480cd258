import type { Pressure } from "./eviction-signal.ts";

/** When each pressure was last measured. */
export type PressureTimes = Readonly<Partial<Record<keyof Pressure, Date>>>;

/** A node's pressures as it tells them. */
export interface HeldPressure {
  readonly pressure: Pressure;
  /** To be given to the next call. */
  readonly times: PressureTimes;
}

const HOLD_MS = 5 * 60_000;

/**
 * Pure: the pressures that a node tells: one begins as soon as it is measured, and ends when it has not been for a
 * while, so that a node at the edge does not flap.
 *
 * @param times - what the last call gave; `{}` at first
 * @param holdMs - the kubelet's `evictionPressureTransitionPeriod`, in milliseconds. Default: 5 minutes.
 */
export function holdPressure(
  times: PressureTimes,
  measured: Pressure,
  now: Date,
  holdMs: number = HOLD_MS,
): HeldPressure {
  const pressure = { memoryPressure: false, diskPressure: false, pidPressure: false };
  const seen: Partial<Record<keyof Pressure, Date>> = {};
  for (const kind of ["memoryPressure", "diskPressure", "pidPressure"] as const) {
    const last = measured[kind] ? now : times[kind];
    if (last === undefined) continue;
    // A clock that was set back must not hold a pressure for longer.
    const since = last > now ? now : last;
    if (now.getTime() - since.getTime() >= holdMs && !measured[kind]) continue;
    pressure[kind] = true;
    seen[kind] = since;
  }
  return { pressure, times: seen };
}
