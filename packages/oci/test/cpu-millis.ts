/** CPU time of this thread that `work` takes, in milliseconds: whatever else the machine does counts for nothing. */
export function cpuMillisOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
