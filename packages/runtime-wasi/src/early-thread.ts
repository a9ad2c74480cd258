import { Worker } from "node:worker_threads";
import type { GuestThreadData } from "./protocol.ts";

/**
 * Megabytes of a thread's young generation. Each of its collections looks at the stacks of all guests that wait, so that
 * they should be few; but most of what those hold is old, and the rest is memory for nothing.
 */
const YOUNG_MB = 24;

/** Options of {@link startGuestWorker}. */
export interface GuestWorkerInit {
  /** Absent: the thread loads what it needs, and waits for them as its first message. */
  readonly data?: GuestThreadData;
  /** Megabytes that the thread's JavaScript heap may have; beyond, the thread ends. Default: the engine's own limit. */
  readonly heapMb?: number;
}

/**
 * Starts a thread for guests before there is a runtime, so that it is up when the runtime needs its first one. `file` is
 * what the runtime's `workerUrl` will be. The runtime that is given it as `firstThread`, in the same turn of the event
 * loop, owns it.
 */
export function startEarlyThread(file: URL): Worker {
  return startGuestWorker(file, {});
}

/** A thread for guests. */
export function startGuestWorker(file: URL, { data, heapMb }: GuestWorkerInit): Worker {
  return new Worker(file, {
    workerData: data,
    name: "krustlet-guests",
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: heapMb },
    // The host opens files by system calls of its own, which Node's list of a thread's descriptors does not know.
    trackUnmanagedFds: false,
  });
}
