import { open, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import type { Mount } from "@krustlet/interface";
import type { V1Container } from "@kubernetes/client-node";

import { parseCriLogLine } from "@krustlet/cri-log";

import { makeDirectories } from "./make-directories.ts";

/** Kubernetes' limits: bytes of a message from the file, and lines and bytes of one from the log. */
const TERMINATION_MESSAGE_BYTES = 4096;
const LOG_LINES = 80;
const LOG_BYTES = 2048;
const NEWLINE = Buffer.from("\n");

/** Makes the empty file that the guest may write its last words to, and says where the guest sees it. */
export async function openTerminationLog(container: V1Container, path: string): Promise<Mount> {
  await makeDirectories(dirname(path), 0o700);
  await writeFile(path, "", { mode: 0o666 });
  return {
    source: path,
    target: container.terminationMessagePath ?? "/dev/termination-log",
    kind: "file",
    readOnly: false,
  };
}

/** How {@link readTerminationMessage} finds a container's last words. */
export interface TerminationMessageInit {
  readonly policy: V1Container["terminationMessagePolicy"];
  /** Host path of the file that {@link openTerminationLog} made. */
  readonly path: string;
  /** Host path of the container's log. */
  readonly logPath: string;
  readonly exitCode: number;
}

/**
 * What a container that has ended left as its message: the file's last 4096 bytes or, with the policy
 * `FallbackToLogsOnError`, the end of the log of a container that failed and left no message. Empty if there is none.
 */
export async function readTerminationMessage(init: TerminationMessageInit): Promise<string> {
  const written = await readEnd(init.path, TERMINATION_MESSAGE_BYTES);
  if (written.length > 0) return written.toString("utf8");
  if (init.policy !== "FallbackToLogsOnError" || init.exitCode === 0) return "";
  // Each line has a head of about 45 bytes before its text.
  const log = await readEnd(init.logPath, LOG_BYTES + LOG_LINES * 64);
  return tailOfCriLog(log);
}

/** The text of the last 80 lines of a CRI log, at most 2048 bytes of it. */
export function tailOfCriLog(log: Buffer): string {
  const pieces: Buffer[] = [];
  for (let from = 0; from < log.length;) {
    const newline = log.indexOf("\n", from);
    const end = newline === -1 ? log.length : newline;
    const entry = parseCriLogLine(log.subarray(from, end));
    if (entry !== undefined) pieces.push(entry.partial ? entry.text : Buffer.concat([entry.text, NEWLINE]));
    from = end + 1;
  }
  const text = Buffer.concat(pieces.slice(-LOG_LINES));
  return text.subarray(Math.max(0, text.length - LOG_BYTES)).toString("utf8");
}

/** The last bytes of a file. */
async function readEnd(path: string, bytes: number): Promise<Buffer> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(bytes);
    const position = Math.max(0, (await file.stat()).size - bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, position);
    return buffer.subarray(0, bytesRead);
  } catch {
    // A message that cannot be read is none; the container's exit code is what counts.
    return Buffer.alloc(0);
  }
}
