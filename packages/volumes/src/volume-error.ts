import { isKrustletError, KrustletError } from "@krustlet/interface";

/** `cause` as a KrustletError: itself, `NoSpace` for a full disk, `VolumeFailed` for anything else of the system. */
export function volumeError(cause: unknown, sentence: string): unknown {
  if (isKrustletError(cause) || !(cause instanceof Error) || !("code" in cause)) return cause;
  if (typeof cause.code !== "string" || cause.code === "ABORT_ERR") return cause;
  const full = cause.code === "ENOSPC" || cause.code === "EDQUOT";
  const message = full ? `${sentence}: there is no space left on the disk` : `${sentence}: ${cause.message}`;
  return new KrustletError(full ? "NoSpace" : "VolumeFailed", message, { cause, retryable: true });
}

/** Whether a file system call failed with `code`. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
