import type { Observation, Observations } from "@krustlet/eviction";
import type { Machine } from "@krustlet/node";

/**
 * Pure: how much of what thresholds are about a machine has, and has left. Images lie on the node's own disk. What a
 * machine does not count, or has without end, is not told.
 */
export function observationsOf(machine: Machine): Observations {
  const disk = { available: machine.availableDiskBytes, capacity: machine.diskBytes };
  const inodes = { available: machine.freeInodes, capacity: machine.inodes };
  const all: Record<keyof Observations, Observation> = {
    "memory.available": { available: machine.availableMemoryBytes, capacity: machine.memoryBytes },
    "nodefs.available": disk,
    "nodefs.inodesFree": inodes,
    "imagefs.available": disk,
    "imagefs.inodesFree": inodes,
    "pid.available": { available: machine.maxPids - machine.pids, capacity: machine.maxPids },
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, { capacity }]) => capacity > 0 && Number.isFinite(capacity)),
  );
}
