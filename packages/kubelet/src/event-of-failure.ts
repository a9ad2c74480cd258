import type { PodEventRecord } from "@krustlet/pod-machine";

import { messageOf, mountMessageOf } from "./failure-reason.ts";
import type { PodFailure } from "./kubelet-init.ts";

/** The Kubernetes Event of something that did not work, where no step of the pod tells of it. */
export function eventOfFailure({ action, container, error }: PodFailure): PodEventRecord | undefined {
  if (action === "refresh") return { type: "Warning", reason: "FailedMount", message: mountMessageOf(error) };
  if (action !== "kill" && action !== "terminate") return undefined;
  const why = JSON.stringify(messageOf(error));
  const what = `failed to "KillContainer" for "${container ?? ""}" with KillContainerError: ${why}`;
  return { type: "Warning", reason: "FailedKillPod", message: `error killing pod: ${what}` };
}
