/**
 * From an OCI reference to verified WebAssembly bytes: the distribution protocol, credentials, artifact formats.
 *
 * @example
 * ```ts
 * import { formatReference, parseReference } from "@krustlet/oci";
 *
 * console.log(formatReference(parseReference("hello"))); // docker.io/library/hello:latest
 * ```
 *
 * @packageDocumentation
 */
export { createPuller } from "./create-puller.ts";
export type { PullerInit } from "./create-puller.ts";
export { createDockerCredentials } from "./machine-credentials.ts";
export type { CredentialSource, DockerCredentialsInit } from "./machine-credentials.ts";
export type { Descriptor, Platform } from "./manifest.ts";
export { matchCredentials } from "./match-credentials.ts";
export type { RetryPolicy } from "./plan-retry.ts";
export { apiHostOf, formatReference, parseReference } from "./reference.ts";
export type { Reference } from "./reference.ts";
export { createRegistryClient } from "./registry-client.ts";
export type {
  BlobOptions,
  FetchedManifest,
  RegistryClient,
  RegistryClientInit,
  RegistrySession,
} from "./registry-client.ts";
export { credentialsOfSecret } from "./secret-credentials.ts";
export type { TransportInit } from "./transport.ts";
export type { UnpackLimits } from "./unpack-limits.ts";
