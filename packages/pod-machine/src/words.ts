import type { StopCause } from "./container-graph.ts";
import type { PullFailure } from "./pod-event.ts";
import type { PodLike } from "./pod-like.ts";

/** The node itself says no, and would say it again. */
const LASTING: ReadonlySet<PullFailure> = new Set([
  "ErrImageNeverPull",
  "InvalidImageName",
  "ImageInspectError",
]);

/** What the status says before the reason for which the node did not take the pod; the Event does not. */
export const REJECTED: string = "Pod was rejected: ";

/** What the status of an ephemeral container says. */
export const NO_EPHEMERAL: string = "ephemeral containers are not supported";

/** Whether waiting does not help a failure: its pull is not backed off from, but tried again as a start is. */
export function isLasting(failure: PullFailure): boolean {
  return LASTING.has(failure);
}

/** What went wrong with a pull, as the kubelet shows it. */
interface PullError {
  readonly reason: PullFailure;
  readonly message: string;
}

/** The kubelet's words for a pull that failed. */
export function pullFailureMessage(image: string, { reason, message }: PullError): string {
  switch (reason) {
    case "ErrImageNeverPull":
      return `Container image "${image}" is not present with pull policy of Never`;
    case "InvalidImageName":
      return `Failed to apply default image tag "${image}": ${message}`;
    case "ImageInspectError":
      return `Failed to inspect image "${image}": ${message}`;
    case "RegistryUnavailable":
      return `image pull failed for ${image} because the registry is unavailable: ${message}`;
    case "SignatureValidationFailed":
      return `image pull failed for ${image} because the signature validation failed: ${message}`;
    default:
      return message;
  }
}

/** The kubelet's words for a container that waits for the next pull. */
export function pullBackOffMessage(image: string, error: PullError): string {
  return `Back-off pulling image "${image}": ${error.reason}: ${pullFailureMessage(image, error)}`;
}

/** The kubelet's words for a container that waits after a crash. */
export function backOffMessage(
  pod: PodLike,
  container: string,
  { delayMs }: { readonly delayMs: number },
): string {
  return `back-off ${goDuration(delayMs)} restarting failed container=${container} pod=${podName(pod)}`;
}

/** A pod as the kubelet's messages name it: `name_namespace(uid)`. */
export function podName({ metadata = {} }: PodLike): string {
  const { name = "", namespace = "default", uid = "" } = metadata;
  return `${name}_${namespace}(${uid})`;
}

/** Why a container is being stopped, as the Event `Killing` says it. */
export function killingMessage(container: string, cause: StopCause): string {
  if (cause === "stop") return `Stopping container ${container}`;
  const what = cause === "changed" ? "definition changed" : `failed ${cause} probe`;
  return `Container ${container} ${what}, will be restarted`;
}

/** Milliseconds as Go writes a duration: `350ms`, `1.5s`, `2m40s`, `1h0m0s`. */
export function goDuration(ms: number): string {
  if (ms < 1000) return ms <= 0 ? "0s" : `${Math.round(ms)}ms`;
  const total = Math.round(ms) / 1000;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const seconds = Math.round((total % 60) * 1000) / 1000;
  return `${hours > 0 ? `${hours}h` : ""}${total >= 60 ? `${minutes}m` : ""}${seconds}s`;
}

/** Why the node has ended a pod, as the condition `DisruptionTarget` says it. */
export function disruptionMessage({
  reason,
  message,
}: {
  readonly reason?: string;
  readonly message?: string;
}): string | undefined {
  if (reason === "Preempting") return "Pod was preempted by Kubelet to accommodate a critical pod.";
  return message;
}
