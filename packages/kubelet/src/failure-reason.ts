import { isKrustletError } from "@krustlet/interface";
import type { VolumeErrorDetails } from "@krustlet/interface";
import type { PullFailure, StartFailure } from "@krustlet/pod-machine";

/** The reason that a container waits with, by what kept its image away. */
export function pullFailureOf(error: unknown): PullFailure {
  if (!isKrustletError(error)) return "ErrImagePull";
  switch (error.code) {
    case "ImageNeverPull":
      return "ErrImageNeverPull";
    case "InvalidReference":
      return "InvalidImageName";
    case "RegistryUnavailable":
      return "RegistryUnavailable";
    default:
      return "ErrImagePull";
  }
}

/** The reason that a container waits or ends with, by what kept it from starting. */
export function startFailureOf(error: unknown): StartFailure {
  if (!isKrustletError(error)) return "RunContainerError";
  switch (error.code) {
    case "ObjectNotFound":
    case "KeyNotFound":
    case "InvalidObject":
    case "InvalidField":
    case "UnsupportedField":
    case "PathEscape":
    case "HostPathType":
    case "VolumeFailed":
      return "CreateContainerConfigError";
    case "CapacityExceeded":
    case "AddressInUse":
    case "NoSpace":
      return "CreateContainerError";
    case "InvalidModule":
    case "UnsupportedModule":
    case "MissingImport":
      return "ContainerCannotRun";
    default:
      return "RunContainerError";
  }
}

/** As long as Kubernetes lets a container's message be. Modules and registries may have a hand in longer ones. */
const LONGEST_MESSAGE = 4096;

/** What kept a container from starting, for its own status, which shows whose it is. */
export function startMessageOf(error: unknown): string {
  return isKrustletError(error) && error.detail !== undefined ? shortened(error.detail) : messageOf(error);
}

/** One sentence about `error`, for a status or an event. */
export function messageOf(error: unknown): string {
  return shortened(error instanceof Error ? error.message : String(error));
}

/** A message that is no longer than a status, an Event and a checkpoint can hold. */
export function shortened(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
}

/** The same of volumes that cannot be made or brought up to date: in the kubelet's words where it is about one of them. */
export function mountMessageOf(error: unknown): string {
  const { volume, detail } = error as Partial<VolumeErrorDetails>;
  if (volume === undefined || detail === undefined) return messageOf(error);
  return shortened(`MountVolume.SetUp failed for volume "${volume}" : ${detail}`);
}
