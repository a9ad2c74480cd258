/**
 * The contracts between Krustlet's rooms, and the one error class they throw. No behaviour.
 *
 * @example
 * ```ts
 * import { isKrustletError, KrustletError } from "@krustlet/interface";
 *
 * try {
 *   throw new KrustletError("ImageNotFound", 'registry.example/hello:v1: the registry has no such tag');
 * } catch (error) {
 *   if (isKrustletError(error, "ImageNotFound")) console.error(error.message);
 * }
 * ```
 *
 * @packageDocumentation
 */
export type { Cancellable, Clock } from "./clock.ts";
export type { CsiVolume, CsiVolumes } from "./csi.ts";
export { isKrustletError, KrustletError } from "./error.ts";
export type { ErrorCode, KrustletErrorOptions } from "./error.ts";
export type {
  EnsuredImage,
  EnsureImageOptions,
  ImageConfig,
  ImageStore,
  ModuleSource,
  PullPolicy,
  PullProgress,
  RegistryCredential,
  StoredImage,
  WasmImage,
  WasmKind,
} from "./image.ts";
export type {
  ConfigMapObject,
  CsiSource,
  IssuedToken,
  ObjectKey,
  ObjectSource,
  PersistentVolumeClaimObject,
  PersistentVolumeObject,
  SecretObject,
  TokenRequest,
  TokenSource,
} from "./objects.ts";
export type {
  ImageName,
  ImagePuller,
  PullAccess,
  PulledImage,
  PullerOptions,
  PullTarget,
  ResolvedImage,
} from "./puller.ts";
export type {
  ContainerExit,
  ContainerIo,
  ContainerPlan,
  ContainerResources,
  ContainerUsage,
  HttpAccess,
  ListenSocket,
  Mount,
  PodKey,
  RunningContainer,
  Runtime,
} from "./runtime.ts";
export type { MountedVolumes, VolumeErrorDetails, VolumeMounter } from "./volumes.ts";
