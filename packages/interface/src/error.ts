/**
 * Every way in which Krustlet's rooms fail, as a closed list. Callers branch on the code, never on the message.
 * Where Kubernetes has a reason of its own for a failure (`ErrImagePull`, `CreateContainerConfigError` …), the
 * room that composes the status derives it from the code.
 */
export type ErrorCode =
  // input
  | "InvalidManifest"
  | "InvalidField"
  | "UnsupportedField"
  | "InvalidReference"
  | "InvalidUsage"
  // objects that a Pod names
  | "ObjectNotFound"
  | "KeyNotFound"
  | "InvalidObject"
  // images and registries
  | "ImageNotFound"
  | "ImageNeverPull"
  | "RegistryUnauthorized"
  | "RegistryForbidden"
  | "RegistryThrottled"
  | "RegistryUnavailable"
  | "RegistryProtocol"
  | "DigestMismatch"
  | "UnsupportedArtifact"
  | "CredentialHelper"
  // modules and runtimes
  | "InvalidModule"
  | "UnsupportedModule"
  | "MissingImport"
  | "RuntimeNotFound"
  | "CapacityExceeded"
  | "StartFailed"
  | "AddressInUse"
  // volumes and disk
  | "PathEscape"
  | "HostPathType"
  | "VolumeFailed"
  | "NoSpace"
  // the API server
  | "InvalidKubeconfig"
  | "ApiServerUnavailable"
  | "ApiServerUntrusted"
  // the node itself
  | "CertificateDenied"
  // the rest
  | "Timeout"
  | "Internal";

/** Options of {@link KrustletError}. */
export interface KrustletErrorOptions {
  /** What went wrong underneath; always given where there is one. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later without anybody changing anything. Default: false. */
  readonly retryable?: boolean;
  /** What is wrong, for readers who see anyway whose it is: the message without the pod and the container. */
  readonly detail?: string;
}

/**
 * The one error class of all rooms. The message is one sentence that a user can act on and that names the pod,
 * container, field, file or reference it is about.
 */
export class KrustletError extends Error {
  override readonly name: string = "KrustletError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly detail?: string;

  constructor(code: ErrorCode, message: string, options: KrustletErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    if (options.detail !== undefined) this.detail = options.detail;
  }
}

/** Whether `error` is a {@link KrustletError} (of `code`, where one is given), across package copies. */
export function isKrustletError(error: unknown, code?: ErrorCode): error is KrustletError {
  return (
    error instanceof Error &&
    error.name === "KrustletError" &&
    "code" in error &&
    (code === undefined || error.code === code)
  );
}
