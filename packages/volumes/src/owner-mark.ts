import { readFile, readlink } from "node:fs/promises";

/** How the file ends that notes whose a Pod's directory is. */
export const OWNER = ".owner";

/** Where it is noted whose the directory of a Pod is: beside it, so that it is there until the last file has gone. */
export function ownerPathOf(podDirectory: string): string {
  return `${podDirectory}${OWNER}`;
}

/** This process, named so that a later one with its number is not taken for it: number, start time, PID namespace. */
export async function ownerMark(): Promise<string> {
  return `${process.pid} ${await startOf("self")} ${await namespace()}`;
}

/** Whether the process that wrote the mark has ended for certain. One of another PID namespace cannot be seen. */
export async function hasEnded(mark: string): Promise<boolean> {
  const [, pid = "", start = "", where = ""] = /^(\d+) (\d+) (\d+)$/u.exec(mark.trim()) ?? [];
  if (pid === "" || where !== (await namespace())) return false;
  const self = await startOf("self");
  return self !== "" && (await startOf(pid)) !== start;
}

async function startOf(pid: string): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything; the fields after it do not. Field 22 is the start time.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

async function namespace(): Promise<string> {
  try {
    return /\d+/u.exec(await readlink("/proc/self/ns/pid"))?.[0] ?? "";
  } catch {
    return "";
  }
}
