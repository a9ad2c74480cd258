import { readdirSync, readFileSync } from "node:fs";

/** What a process and all that descend from it use. */
export interface TreeUse {
  /** Resident memory, in bytes. */
  readonly rss: number;
  /** CPU time so far, in seconds. */
  readonly cpu: number;
}

/** Linux counts CPU time in hundredths of a second, and memory in pages of 4 KiB. */
const TICKS = 100;
const PAGE = 4096;

/** Reads what the tree beneath `root` uses, from /proc; of a process that is not known, nothing is: `NaN`. */
export function useOf(root: number | undefined): TreeUse {
  if (root === undefined) return { rss: Number.NaN, cpu: Number.NaN };
  const found = new Map<number, { parent: number; rss: number; cpu: number }>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      // The name, in parentheses, may hold anything; what follows it does not.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const [, parent = 0] = fields;
      const cpu = ((fields[11] ?? 0) + (fields[12] ?? 0)) / TICKS;
      found.set(pid, { parent, rss: (fields[21] ?? 0) * PAGE, cpu });
    } catch {
      // It ended meanwhile.
    }
  }
  const tree = new Set([root]);
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const [pid, { parent }] of found) if (tree.has(parent)) tree.add(pid);
  }
  let rss = 0;
  let cpu = 0;
  for (const pid of tree) {
    rss += found.get(pid)?.rss ?? 0;
    cpu += found.get(pid)?.cpu ?? 0;
  }
  return { rss, cpu };
}
