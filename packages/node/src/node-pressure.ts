import type { Machine } from "./measure-machine.ts";
import type { NodeFacts } from "./node-conditions.ts";

/** Below which of its resources a node is under pressure. */
export interface PressureThresholds {
  readonly availableMemoryBytes: number;
  /** Of the disk's bytes and inodes, 0 to 1. */
  readonly availableDisk: number;
  readonly freeInodes: number;
  readonly freePids: number;
}

/** The kubelet's hard eviction thresholds; it has none for PIDs, where ours leaves room for the node itself. */
export const DEFAULT_THRESHOLDS: PressureThresholds = {
  availableMemoryBytes: 100 * 2 ** 20,
  availableDisk: 0.1,
  freeInodes: 0.05,
  freePids: 0.02,
};

/** Pure: which pressures a machine is under right now. What cannot be measured exerts none. */
export function pressureOf(
  machine: Machine,
  thresholds: PressureThresholds = DEFAULT_THRESHOLDS,
): Pick<NodeFacts, "memoryPressure" | "diskPressure" | "pidPressure"> {
  const scarce = (left: number, whole: number, share: number): boolean =>
    whole > 0 && Number.isFinite(whole) && left < whole * share;
  return {
    memoryPressure: machine.availableMemoryBytes < thresholds.availableMemoryBytes,
    diskPressure:
      scarce(machine.availableDiskBytes, machine.diskBytes, thresholds.availableDisk) ||
      scarce(machine.freeInodes, machine.inodes, thresholds.freeInodes),
    pidPressure: scarce(machine.maxPids - machine.pids, machine.maxPids, thresholds.freePids),
  };
}
