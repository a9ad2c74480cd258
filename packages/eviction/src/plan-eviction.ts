import type { EvictionSignal, Pressure, StarvedResource } from "./eviction-signal.ts";
import { pressureOfSignal, resourceOf } from "./eviction-signal.ts";
import type { EvictionThreshold, Observations } from "./eviction-threshold.ts";
import { isMet } from "./eviction-threshold.ts";
import type { PressureTimes } from "./hold-pressure.ts";
import { holdPressure } from "./hold-pressure.ts";

/** By what a node decides that it runs short. The thresholds are told apart by what they are: keep the same objects. */
export interface EvictionPolicy {
  readonly thresholds: readonly EvictionThreshold[];
  /** How long a pressure is told after it was last observed. */
  readonly pressureTransitionPeriodMs: number;
  /** What pods have at most to end because of a soft threshold. */
  readonly maxPodGracePeriodSeconds: number;
}

/** What is to be remembered from one look to the next. */
export interface EvictionState {
  /** Since when each threshold has been met. */
  readonly since: ReadonlyMap<EvictionThreshold, Date>;
  /** Those that were met for long enough: not resolved until their minimum reclaim is there, too. */
  readonly unresolved: readonly EvictionThreshold[];
  readonly pressureTimes: PressureTimes;
}

/** What a look at the node says. */
export interface EvictionPlan {
  /** To be given to the next call. */
  readonly state: EvictionState;
  /** The pressures to tell. */
  readonly pressure: Pressure;
  /** What is to be reclaimed now, and the threshold that says so. Absent: nothing. */
  readonly starved?: { readonly resource: StarvedResource; readonly threshold: EvictionThreshold };
}

/** Nothing was ever observed. */
export const FIRST_EVICTION_STATE: EvictionState = { since: new Map(), unresolved: [], pressureTimes: {} };

/**
 * Pure: what follows from what is left. A threshold that is met exerts its pressure at once, soft or hard, and is acted
 * upon when its grace period is over; memory comes before all else, a hard threshold before a soft one. One that was
 * acted upon stays met until its minimum reclaim is left as well.
 */
export function planEviction(
  state: EvictionState,
  observations: Observations,
  policy: EvictionPolicy,
  now: Date,
): EvictionPlan {
  const met = policy.thresholds.filter((each) => isMet(each, observations, state.unresolved.includes(each)));
  const since = new Map(
    met.map((each) => {
      const first = state.since.get(each);
      // A clock that was set back does not make a grace period longer.
      return [each, first === undefined || first > now ? now : first] as const;
    }),
  );
  const held = holdPressure(state.pressureTimes, pressureBy(met), now, policy.pressureTransitionPeriodMs);
  const unresolved = met.filter(
    (each) => now.getTime() - (since.get(each) ?? now).getTime() >= each.gracePeriodMs,
  );
  const [threshold] = unresolved.toSorted((a, b) => rankOf(a) - rankOf(b));
  return {
    state: { since, unresolved, pressureTimes: held.times },
    pressure: held.pressure,
    ...(threshold && { starved: { threshold, resource: resourceOf(threshold.signal) } }),
  };
}

/** Pure: whether so much is left that no pod has to go: more than every threshold and its minimum reclaim. */
export function isRelieved(observations: Observations, { thresholds }: EvictionPolicy): boolean {
  return !thresholds.some((each) => isMet(each, observations, true));
}

/** Whether images that nobody uses are what to give up first. */
export function isDiskSignal(signal: EvictionSignal): boolean {
  return pressureOfSignal(signal) === "diskPressure";
}

function pressureBy(met: readonly EvictionThreshold[]): Pressure {
  const under = new Set(met.map(({ signal }) => pressureOfSignal(signal)));
  return {
    memoryPressure: under.has("memoryPressure"),
    diskPressure: under.has("diskPressure"),
    pidPressure: under.has("pidPressure"),
  };
}

function rankOf({ signal, gracePeriodMs }: EvictionThreshold): number {
  return (signal === "memory.available" ? 0 : 2) + (gracePeriodMs === 0 ? 0 : 1);
}
