import { KrustletError } from "@krustlet/interface";

/** What of a gRPC error is read. */
interface RpcFailure {
  readonly code: number;
  readonly details: string;
}

interface RpcContext {
  /** `CSI driver "x"`. */
  readonly where: string;
  readonly method: string;
  readonly timeoutMs: number;
  readonly secrets: readonly string[];
}

const MAX_WORDS = 1024;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;
/** By number, as gRPC's Go library, and so the kubelet's messages, call them. */
const CODES: readonly string[] = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];

/** Whether a call failed because the server does not have it. */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof Error && isRpcFailure(error.cause) && CODES[error.cause.code] === "Unimplemented";
}

/** Pure: a failed call as a sentence: in the kubelet's words, without control characters and secrets. */
export function rpcError(failure: RpcFailure & Error, context: RpcContext): KrustletError {
  const { where, method, timeoutMs, secrets } = context;
  // Neither stack nor metadata of gRPC's error is kept: they may repeat what the server said.
  const cause = Object.assign(new Error(`code ${failure.code}`), { code: failure.code, details: "" });
  const options = { cause, retryable: true };
  if (failure.code === DEADLINE_EXCEEDED) {
    const message = `${where} did not answer ${method} within ${timeoutMs / 1000} s`;
    return new KrustletError("Timeout", message, options);
  }
  if (failure.code === UNAVAILABLE) {
    return new KrustletError("VolumeFailed", `${where} cannot be reached for ${method}`, options);
  }
  const code = CODES[failure.code] ?? `Code(${failure.code})`;
  const words = oneLine(failure.details, secrets);
  const message = `${where}: ${method}: rpc error: code = ${code} desc = ${words}`;
  return new KrustletError("VolumeFailed", message, options);
}

function isRpcFailure(cause: unknown): cause is RpcFailure {
  return cause instanceof Error && "code" in cause && typeof cause.code === "number";
}

function oneLine(words: string, secrets: readonly string[]): string {
  let clean = words;
  for (const secret of secrets) if (secret.length > 3) clean = clean.replaceAll(secret, "***");
  // eslint-disable-next-line no-control-regex -- control characters are what is to go
  clean = clean.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, " ").trim();
  return clean.length > MAX_WORDS ? `${clean.slice(0, MAX_WORDS)}…` : clean;
}
