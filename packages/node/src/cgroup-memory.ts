import type { MachineReader } from "./machine-reader.ts";

/** What the control groups that a process is in let it have of the memory. */
export interface CgroupMemory {
  /** Bytes; infinite where nothing limits it. */
  readonly limit: number;
  /** What is left of the narrowest of them, page cache that can be dropped counted as left. */
  readonly available: number;
}

/** `[directory, limit, usage, droppable cache in memory.stat]` of version 2 and of version 1. */
const VERSIONS = {
  v2: ["/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"],
  v1: ["/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"],
} as const;

/**
 * Reads the memory limits of the control group that this process is in and of all above it, of versions 1 and 2: a
 * unit's `MemoryMax=`, a container's limit.
 */
export async function readCgroupMemory(reader: MachineReader): Promise<CgroupMemory> {
  const own = (await reader.text("/proc/self/cgroup")) ?? "";
  const paths = [
    ...groupsOf(/^0::(\/.*)$/m.exec(own)?.[1]).map((group) => ["v2", group] as const),
    ...groupsOf(/^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(own)?.[1]).map(
      (group) => ["v1", group] as const,
    ),
  ];
  const read = await Promise.all(paths.map(([version, group]) => readGroup(reader, version, group)));
  return {
    limit: Math.min(...read.map(({ limit }) => limit), Number.POSITIVE_INFINITY),
    available: Math.min(...read.map(({ available }) => available), Number.POSITIVE_INFINITY),
  };
}

/** A group and all above it; the root alone where the group is not one of those that are mounted here. */
function groupsOf(path: string | undefined): string[] {
  const parts =
    path === undefined || path.includes("..") ? [] : path.split("/").filter((part) => part !== "");
  return ["", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)];
}

async function readGroup(
  reader: MachineReader,
  version: keyof typeof VERSIONS,
  group: string,
): Promise<CgroupMemory> {
  const [directory, limitFile, usageFile, cache] = VERSIONS[version];
  const limit = numberIn(await reader.text(`${directory}${group}/${limitFile}`));
  if (limit === undefined) return { limit: Number.POSITIVE_INFINITY, available: Number.POSITIVE_INFINITY };
  const usage = numberIn(await reader.text(`${directory}${group}/${usageFile}`)) ?? 0;
  const stat = (await reader.text(`${directory}${group}/memory.stat`)) ?? "";
  const droppable = Number(new RegExp(`^${cache} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  return { limit, available: Math.max(0, limit - Math.max(0, usage - droppable)) };
}

/** The number that a file of the kernel's holds; undefined where it holds none (`max`) or is not there. */
function numberIn(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}
