/** What eviction thresholds are about. */
export type EvictionSignal =
  | "memory.available"
  | "nodefs.available"
  | "nodefs.inodesFree"
  | "imagefs.available"
  | "imagefs.inodesFree"
  | "pid.available";

/** What a node runs short of, as messages and Events call it. */
export type StarvedResource = "memory" | "ephemeral-storage" | "inodes" | "pids";

/** Which pressures a node is under. */
export interface Pressure {
  readonly memoryPressure: boolean;
  readonly diskPressure: boolean;
  readonly pidPressure: boolean;
}

/** `[pressure, resource]` */
const SIGNALS: Readonly<Record<EvictionSignal, readonly [keyof Pressure, StarvedResource]>> = {
  "memory.available": ["memoryPressure", "memory"],
  "nodefs.available": ["diskPressure", "ephemeral-storage"],
  "nodefs.inodesFree": ["diskPressure", "inodes"],
  "imagefs.available": ["diskPressure", "ephemeral-storage"],
  "imagefs.inodesFree": ["diskPressure", "inodes"],
  "pid.available": ["pidPressure", "pids"],
};

/** All of them, for messages. */
export const EVICTION_SIGNALS: readonly string[] = Object.keys(SIGNALS);

/** Whether a word is a signal. */
export function isEvictionSignal(word: string): word is EvictionSignal {
  return Object.hasOwn(SIGNALS, word);
}

/** The pressure that a node tells where too little of this is left. */
export function pressureOfSignal(signal: EvictionSignal): keyof Pressure {
  return SIGNALS[signal][0];
}

/** What a node runs short of where too little of this is left. */
export function resourceOf(signal: EvictionSignal): StarvedResource {
  return SIGNALS[signal][1];
}
