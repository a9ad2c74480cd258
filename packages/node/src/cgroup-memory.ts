import { cgroupDirectoriesOf } from "./cgroup-directories.ts";
import type { MachineReader } from "./machine-reader.ts";

/** What the control groups that a process is in let it have of the memory. */
export interface CgroupMemory {
  /** Bytes; infinite where nothing limits it. */
  readonly limit: number;
  /** What is left of the narrowest of them, page cache that can be dropped counted as left. */
  readonly available: number;
}

/** `[limit, usage, droppable cache in memory.stat]` by version. */
const FILES = {
  2: ["memory.max", "memory.current", "inactive_file"],
  1: ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"],
} as const;

/**
 * Reads the memory limits of the control group that this process is in and of all above it, of versions 1 and 2: a
 * unit's `MemoryMax=`, a container's limit.
 */
export async function readCgroupMemory(reader: MachineReader): Promise<CgroupMemory> {
  const own = (await reader.text("/proc/self/cgroup")) ?? "";
  const read = await Promise.all(
    cgroupDirectoriesOf(own, "memory").flatMap(({ version, directories }) =>
      directories.map((directory) => readGroup(reader, directory, FILES[version])),
    ),
  );
  return {
    limit: Math.min(...read.map(({ limit }) => limit)),
    available: Math.min(...read.map(({ available }) => available)),
  };
}

async function readGroup(
  reader: MachineReader,
  directory: string,
  [limitFile, usageFile, cache]: (typeof FILES)[1 | 2],
): Promise<CgroupMemory> {
  const limit = numberIn(await reader.text(`${directory}/${limitFile}`));
  if (limit === undefined) return { limit: Number.POSITIVE_INFINITY, available: Number.POSITIVE_INFINITY };
  const usage = numberIn(await reader.text(`${directory}/${usageFile}`)) ?? 0;
  const stat = (await reader.text(`${directory}/memory.stat`)) ?? "";
  const droppable = Number(new RegExp(`^${cache} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  return { limit, available: Math.max(0, limit - Math.max(0, usage - droppable)) };
}

/** The number that a file of the kernel's holds; undefined where it holds none (`max`) or is not there. */
function numberIn(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}
