import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/** One open store of a process, named so that another process that gets its number later is not taken for it. */
export type Owner = string;

function startOf(pid: number | "self"): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything; the fields after it do not. Field 22 is the start time.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function namespaceOf(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}

/** A new name for something that this process owns: its number, start time and PID namespace, and a random part. */
export function newOwner(): Owner {
  return `${process.pid}.${startOf("self") ?? "0"}.${namespaceOf()}.${randomBytes(4).toString("hex")}`;
}

/** Whether the process may still live. One of another PID namespace cannot be seen, and counts as alive. */
export function mayLive(owner: Owner): boolean {
  const [, pid, start, namespace] = /^(\d{1,10})\.(\d+)\.(\d+)\.[a-f0-9]+$/.exec(owner) ?? [];
  if (pid === undefined || start === undefined) return false;
  if (namespace !== namespaceOf()) return true;
  const now = startOf(Number(pid));
  if (now !== undefined) return start === "0" || now === start;
  if (startOf("self") !== undefined) return false;
  try {
    return process.kill(Number(pid), 0); // Where there is no /proc.
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
