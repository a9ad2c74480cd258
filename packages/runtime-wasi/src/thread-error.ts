import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { StartFailure } from "./protocol.ts";

/** An error as plain data; what is no {@link KrustletError} becomes `StartFailed`. */
export function failureOf(error: unknown, subject: string): StartFailure {
  if (isKrustletError(error)) {
    const message = error.message.startsWith(subject) ? error.message : `${subject}: ${error.message}`;
    return { code: error.code, message, retryable: error.retryable };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { code: "StartFailed", message: `${subject} could not be started: ${reason}`, retryable: false };
}

/** The error that {@link failureOf} took apart. */
export function errorOf(failure: StartFailure): KrustletError {
  return new KrustletError(failure.code, failure.message, { retryable: failure.retryable });
}
