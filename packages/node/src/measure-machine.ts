import { KrustletError } from "@krustlet/interface";
import { readCgroupCpus } from "./cgroup-cpus.ts";
import type { CgroupMemory } from "./cgroup-memory.ts";
import { readCgroupMemory } from "./cgroup-memory.ts";
import type { FileSystemSize, MachineReader } from "./machine-reader.ts";
import { SYSTEM_READER } from "./machine-reader.ts";

/** A machine as measured: what it is, what it has, and what of that is left. */
export interface Machine {
  readonly hostname: string;
  /** What the machine has, or less where a control group limits this process: a multiple of 0.001. */
  readonly cpus: number;
  /** What the machine has, or less where a control group limits this process. */
  readonly memoryBytes: number;
  readonly availableMemoryBytes: number;
  readonly swapBytes: number;
  readonly diskBytes: number;
  readonly availableDiskBytes: number;
  /** 0 where the file system does not count inodes. */
  readonly inodes: number;
  readonly freeInodes: number;
  /** How many processes and threads there may be, and are. */
  readonly maxPids: number;
  readonly pids: number;
  readonly machineID: string;
  readonly systemUUID: string;
  /** Changes with every boot. */
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
}

/** Options of {@link measureMachine}. */
export interface MeasureOptions {
  /** The directory whose file system counts as the node's disk: where images, volumes and logs lie. */
  readonly rootDirectory: string;
  /** Default: this machine. */
  readonly reader?: MachineReader;
}

/**
 * Measures the machine from `/proc`, `/sys`, `/etc` and its file system; about a millisecond of work.
 *
 * @throws KrustletError `Internal` where memory or disk cannot be measured, naming the file.
 */
export async function measureMachine(options: MeasureOptions): Promise<Machine> {
  const { rootDirectory, reader = SYSTEM_READER } = options;
  const [meminfo, cgroup, quota, loadavg, pidMax, threadsMax, bootID, release, disk] = await Promise.all([
    reader.text("/proc/meminfo"),
    readCgroupMemory(reader),
    readCgroupCpus(reader),
    reader.text("/proc/loadavg"),
    reader.text("/proc/sys/kernel/pid_max"),
    reader.text("/proc/sys/kernel/threads-max"),
    reader.text("/proc/sys/kernel/random/boot_id"),
    firstOf(reader, ["/etc/os-release", "/usr/lib/os-release"]),
    fileSystemOf(reader, rootDirectory),
  ]);
  const machineID = await firstOf(reader, ["/etc/machine-id", "/var/lib/dbus/machine-id"]);
  const systemUUID = await firstOf(reader, ["/sys/class/dmi/id/product_uuid", "/etc/machine-id"]);
  return {
    ...memoryOf(meminfo, cgroup),
    hostname: reader.hostname().trim().toLowerCase(),
    cpus: Math.min(reader.cpus(), Math.max(quota, 0.001)),
    swapBytes: kibibytesOf(meminfo ?? "", "SwapTotal") ?? 0,
    diskBytes: disk.bytes,
    availableDiskBytes: disk.availableBytes,
    inodes: disk.inodes,
    freeInodes: disk.freeInodes,
    maxPids: Math.min(numberOf(pidMax), numberOf(threadsMax)),
    pids: Number(/^\S+ \S+ \S+ \d+\/(\d+)/.exec(loadavg ?? "")?.[1] ?? 0),
    machineID,
    systemUUID,
    bootID: bootID?.trim() ?? "",
    kernelVersion: reader.kernelVersion(),
    osImage: /^PRETTY_NAME=(["']?)(.*)\1$/m.exec(release)?.[2] ?? "Unknown",
  };
}

async function fileSystemOf(reader: MachineReader, path: string): Promise<FileSystemSize> {
  try {
    return await reader.fileSystem(path);
  } catch (cause) {
    throw new KrustletError("Internal", `The file system of ${path} cannot be measured.`, { cause });
  }
}

function memoryOf(
  meminfo: string | undefined,
  cgroup: CgroupMemory,
): Pick<Machine, "memoryBytes" | "availableMemoryBytes"> {
  const total = kibibytesOf(meminfo ?? "", "MemTotal");
  if (meminfo === undefined || total === undefined) {
    throw new KrustletError("Internal", "/proc/meminfo does not say how much memory the machine has.");
  }
  const available = kibibytesOf(meminfo, "MemAvailable") ?? kibibytesOf(meminfo, "MemFree") ?? 0;
  return {
    memoryBytes: Math.min(total, cgroup.limit),
    availableMemoryBytes: Math.min(available, cgroup.available),
  };
}

/** The number that a file of the kernel's holds; infinite where it holds none (`max`) or is not there. */
function numberOf(text: string | undefined): number {
  const trimmed = text?.trim() ?? "";
  return /^\d+$/.test(trimmed) ? Number(trimmed) : Number.POSITIVE_INFINITY;
}

function kibibytesOf(meminfo: string, field: string): number | undefined {
  const amount = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(meminfo)?.[1];
  return amount === undefined ? undefined : Number(amount) * 1024;
}

/** The first of these files that says anything; empty where none does. */
async function firstOf(reader: MachineReader, paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const text = (await reader.text(path))?.trim();
    if (text !== undefined && text !== "") return text;
  }
  return "";
}
