import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { VolumeErrorDetails } from "@krustlet/interface";

/** `cause` as a KrustletError: itself, `NoSpace` for a full disk, `VolumeFailed` for anything else of the system. */
export function volumeError(cause: unknown, sentence: string): unknown {
  if (isKrustletError(cause) || !(cause instanceof Error) || !("code" in cause)) return cause;
  if (typeof cause.code !== "string" || cause.code === "ABORT_ERR") return cause;
  const full = cause.code === "ENOSPC" || cause.code === "EDQUOT";
  const message = full ? `${sentence}: there is no space left on the disk` : `${sentence}: ${cause.message}`;
  return new KrustletError(full ? "NoSpace" : "VolumeFailed", message, { cause, retryable: true });
}

/** An error that is about one volume. */
class VolumeError extends KrustletError implements VolumeErrorDetails {
  readonly volume: string;
  override readonly detail: string;

  constructor(cause: KrustletError, { volume, detail }: VolumeErrorDetails) {
    super(cause.code, cause.message, { cause: cause.cause ?? cause, retryable: cause.retryable });
    this.volume = volume;
    this.detail = detail;
  }
}

/** `error`, with the volume's name and what is wrong with it apart. `where` is how its message calls the volume. */
export function aboutVolume(error: unknown, volume: string, where: string): unknown {
  if (!isKrustletError(error)) return error;
  const { message } = error;
  const detail = detailOf(message, where);
  const told = message.includes(where)
    ? error
    : new KrustletError(error.code, `${where}: ${message}`, { cause: error, retryable: error.retryable });
  return new VolumeError(told, { volume, detail });
}

/** `error`, with what is wrong apart from whose it is. `where` is how its message calls that. */
export function withDetail(error: unknown, where: string): unknown {
  if (!isKrustletError(error) || !error.message.startsWith(where)) return error;
  const { code, message, cause, retryable } = error;
  return new KrustletError(code, message, { cause, retryable, detail: detailOf(message, where) });
}

function detailOf(message: string, where: string): string {
  return message.startsWith(where) ? message.slice(where.length).replace(/^[:,]? /u, "") : message;
}

/** Whether a file system call failed with `code`. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
