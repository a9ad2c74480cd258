/** What a machine's measurements are, as `@krustlet/node` has them. */
export interface MeasuredMachine {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly availableMemoryBytes: number;
  readonly swapBytes: number;
  readonly diskBytes: number;
  readonly availableDiskBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
  readonly maxPids: number;
  readonly pids: number;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
}

/** A machine of four CPUs that lacks nothing. */
export const MACHINE: MeasuredMachine = {
  hostname: "edge-1",
  cpus: 4,
  memoryBytes: 8 * 2 ** 30,
  availableMemoryBytes: 4 * 2 ** 30,
  swapBytes: 0,
  diskBytes: 100 * 2 ** 30,
  availableDiskBytes: 50 * 2 ** 30,
  inodes: 1000,
  freeInodes: 900,
  maxPids: 32_768,
  pids: 200,
  machineID: "m",
  systemUUID: "s",
  bootID: "b1",
  kernelVersion: "6.1.0",
  osImage: "Debian GNU/Linux 12 (bookworm)",
};
