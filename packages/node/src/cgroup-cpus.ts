import { cgroupDirectoriesOf } from "./cgroup-directories.ts";
import type { MachineReader } from "./machine-reader.ts";

/**
 * How many CPUs the control group that this process is in, and all above it, let it use: a unit's `CPUQuota=`, a
 * container's limit, in thousandths of a CPU rounded down. Infinite where nothing limits it.
 */
export async function readCgroupCpus(reader: MachineReader): Promise<number> {
  const own = (await reader.text("/proc/self/cgroup")) ?? "";
  const read = cgroupDirectoriesOf(own, "cpu").flatMap(({ version, directories }) =>
    directories.map((directory) =>
      version === 2 ? quotaOf2(reader, directory) : quotaOf1(reader, directory),
    ),
  );
  return Math.min(...(await Promise.all(read)));
}

/** `50000 100000`, or `max 100000`. */
async function quotaOf2(reader: MachineReader, directory: string): Promise<number> {
  const [quota, period] = ((await reader.text(`${directory}/cpu.max`)) ?? "").trim().split(" ");
  return shareOf(quota, period);
}

/** -1 is no limit. */
async function quotaOf1(reader: MachineReader, directory: string): Promise<number> {
  const [quota, period] = await Promise.all([
    reader.text(`${directory}/cpu.cfs_quota_us`),
    reader.text(`${directory}/cpu.cfs_period_us`),
  ]);
  return shareOf(quota?.trim(), period?.trim());
}

function shareOf(quota: string | undefined, period: string | undefined): number {
  if (!/^\d+$/.test(quota ?? "") || !/^[1-9]\d*$/.test(period ?? "")) return Number.POSITIVE_INFINITY;
  return Math.floor((Number(quota) / Number(period)) * 1000) / 1000;
}
