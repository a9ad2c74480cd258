import type { EvictionSignal, EvictionThreshold } from "./eviction-thresholds.ts";
import { DEFAULT_EVICTION_THRESHOLDS } from "./eviction-thresholds.ts";
import type { Machine } from "./measure-machine.ts";

/** Which pressures a node is under. */
export interface Pressure {
  readonly memoryPressure: boolean;
  readonly diskPressure: boolean;
  readonly pidPressure: boolean;
}

/** `[what of a machine a signal is about, how much is left, of how much]` */
const SIGNALS: Readonly<
  Record<
    EvictionSignal,
    readonly [keyof Pressure, (machine: Machine) => number, (machine: Machine) => number]
  >
> = {
  "memory.available": ["memoryPressure", (of) => of.availableMemoryBytes, (of) => of.memoryBytes],
  "nodefs.available": ["diskPressure", (of) => of.availableDiskBytes, (of) => of.diskBytes],
  "nodefs.inodesFree": ["diskPressure", (of) => of.freeInodes, (of) => of.inodes],
  // Images lie on the node's own disk.
  "imagefs.available": ["diskPressure", (of) => of.availableDiskBytes, (of) => of.diskBytes],
  "imagefs.inodesFree": ["diskPressure", (of) => of.freeInodes, (of) => of.inodes],
  "pid.available": ["pidPressure", (of) => of.maxPids - of.pids, (of) => of.maxPids],
};

/** Pure: which pressures a machine is under right now. What cannot be measured exerts none. */
export function pressureOf(
  machine: Machine,
  thresholds: readonly EvictionThreshold[] = DEFAULT_EVICTION_THRESHOLDS,
): Pressure {
  const under = { memoryPressure: false, diskPressure: false, pidPressure: false };
  for (const { signal, value } of thresholds) {
    const [pressure, leftOf, wholeOf] = SIGNALS[signal];
    const whole = wholeOf(machine);
    if (whole <= 0 || !Number.isFinite(whole)) continue;
    const least = "amount" in value ? value.amount : whole * value.share;
    if (leftOf(machine) < least) under[pressure] = true;
  }
  return under;
}
