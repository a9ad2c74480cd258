import { ERRNO, errnoOf } from "../errno.ts";
import { openKernel } from "./open-kernel.ts";

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ERRNO).map(([name, errno]): [number, string] => [errno, `E${name}`]),
);

/**
 * Opens `path` beneath the directory descriptor `directory`, links followed, and never anything outside of it, whoever
 * swaps links meanwhile (openat2 with RESOLVE_BENEATH). The caller closes the descriptor.
 * @throws an error with a `code` as node:fs has it; `EXDEV` for a path that would leave the directory; `ENOSYS` where
 * the host has no openat2 or no FFI.
 */
export function openBeneath(directory: number, path: string, flags: number, mode: number): number {
  const { openBeneath: open } = openKernel(undefined);
  if (open === undefined) throw Object.assign(new Error("this host has no openat2"), { code: "ENOSYS" });
  try {
    return open(directory, path, flags, mode);
  } catch (error) {
    const errno = errnoOf(error);
    const code = errno === ERRNO.NOTCAPABLE ? "EXDEV" : (NAMES.get(errno) ?? "EIO");
    throw Object.assign(new Error(`${code}: openat2 ${path}`, { cause: error }), { code });
  }
}
