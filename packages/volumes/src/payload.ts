import { KrustletError } from "@krustlet/interface";

/** A file of a volume that Krustlet writes. */
export interface PayloadFile {
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** Files by their path within the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

const MAX_PATH = 4096 - 256;
const MAX_NAME = 255;

/**
 * `files` as a payload; of two with one path the later one counts.
 * @throws KrustletError `PathEscape` for a path that is absolute or holds or begins with `..`; `InvalidField` for one
 * that is empty or too long, for a file that another file needs as a directory, and for a mode beyond 0777.
 */
export function payloadOf(files: Iterable<readonly [string, PayloadFile]>, where: string): Payload {
  const payload = new Map<string, PayloadFile>();
  for (const [path, file] of files) {
    const { mode } = file;
    if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
      const which = `the mode ${mode} of the file ${shownOf(path)}`;
      throw new KrustletError("InvalidField", `${where}: ${which} is not one of 0 to 0777`);
    }
    payload.set(checkedPath(path, where), file);
  }
  for (const path of payload.keys()) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const parent = path.slice(0, slash);
      if (!payload.has(parent)) continue;
      throw new KrustletError(
        "InvalidField",
        `${where}: "${parent}" is a file, so "${path}" cannot lie in it`,
      );
    }
  }
  return payload;
}

function checkedPath(path: string, where: string): string {
  const shown = shownOf(path);
  const components = path.split("/");
  if (path.startsWith("/")) {
    throw new KrustletError("PathEscape", `${where}: the path ${shown} must be relative`);
  }
  if (components.includes("..") || path.startsWith("..")) {
    throw new KrustletError("PathEscape", `${where}: the path ${shown} may not contain or begin with ".."`);
  }
  const kept = components.filter((component) => component !== "" && component !== ".");
  if (kept.length === 0 || path.includes("\0") || path.endsWith("/")) {
    throw new KrustletError("InvalidField", `${where}: the path ${shown} names no file`);
  }
  const tooLong =
    Buffer.byteLength(path) > MAX_PATH || kept.some((name) => Buffer.byteLength(name) > MAX_NAME);
  if (tooLong) throw new KrustletError("InvalidField", `${where}: the path ${shown} is too long`);
  const joined = kept.join("/");
  if (joined.startsWith("..")) {
    throw new KrustletError("PathEscape", `${where}: the path ${shown} may not begin with ".."`);
  }
  return joined;
}

function shownOf(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}…` : path);
}
