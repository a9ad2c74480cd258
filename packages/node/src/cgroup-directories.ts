/** The control groups of one version that a process is in: directories, the root first. */
export interface CgroupDirectories {
  readonly version: 1 | 2;
  readonly directories: readonly string[];
}

/**
 * Pure: where the control groups are that limit a process, of both versions; the root alone where its group is not one of
 * those that are mounted here.
 *
 * @param own - `/proc/self/cgroup`
 */
export function cgroupDirectoriesOf(own: string, controller: "memory" | "cpu"): readonly CgroupDirectories[] {
  const lines = own.split("\n").map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const pathOf = (isIts: (controllers: string) => boolean): string | undefined =>
    lines.find((line) => line !== null && isIts(line[1] ?? ""))?.[2];
  return [
    {
      version: 2,
      directories: groupsOf(
        "/sys/fs/cgroup",
        pathOf((controllers) => controllers === ""),
      ),
    },
    {
      version: 1,
      directories: groupsOf(
        `/sys/fs/cgroup/${controller}`,
        pathOf((controllers) => controllers.split(",").includes(controller)),
      ),
    },
  ];
}

function groupsOf(root: string, path: string | undefined): string[] {
  const parts =
    path === undefined || path.includes("..") ? [] : path.split("/").filter((part) => part !== "");
  return [root, ...parts.map((_, index) => `${root}/${parts.slice(0, index + 1).join("/")}`)];
}
