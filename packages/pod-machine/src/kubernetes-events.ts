import type { Container } from "./container-graph.ts";
import { isIn } from "./container-moves.ts";
import type { PodState } from "./pod-graph.ts";
import { goDuration, killingMessage, podName, pullFailureMessage, REJECTED } from "./words.ts";

/** What a Kubernetes Event tells; whoever writes it adds the object, the source and the time. */
export interface PodEventRecord {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** Absent: the event is about the pod. */
  readonly container?: string;
  /** The `involvedObject.fieldPath` of a container: `spec.containers{name}`. */
  readonly fieldPath?: string;
}

type Words = readonly [type: PodEventRecord["type"], reason: string, message: string];

/** The Kubernetes Events of one step from `before` to `after`, in the order in which a kubelet would tell them. */
export function eventsOf(before: PodState, after: PodState): readonly PodEventRecord[] {
  if (before === after) return [];
  const pod = podWords(before, after).map(([type, reason, message]) => ({ type, reason, message }));
  const containers = after.facts.containers.flatMap((container, index) => {
    const earlier = before.facts.containers[index];
    if (earlier === undefined || earlier === container) return [];
    const field = container.kind === "regular" ? "containers" : "initContainers";
    const fieldPath = `spec.${field}{${container.name}}`;
    return containerWords(earlier, container, podName(after.facts.pod)).map(([type, reason, message]) => ({
      type,
      reason,
      message,
      container: container.name,
      fieldPath,
    }));
  });
  return [...pod, ...containers];
}

function podWords(before: PodState, after: PodState): readonly Words[] {
  if ((after.name === "Mounting" || after.name === "Unmounting") && after.failure !== undefined) {
    const known = before.name === after.name && before.failure === after.failure;
    const reason = after.name === "Mounting" ? after.failure.reason : "FailedUnmount";
    return known ? [] : [["Warning", reason, after.failure.message]];
  }
  if (before.name === "Mounting" && after.name === "Running") {
    const changed = "Pod sandbox changed, it will be killed and re-created.";
    return before.facts.containers.some(hasBegun) ? [["Normal", "SandboxChanged", changed]] : [];
  }
  const { reason, message } = endOf(after);
  if (reason === undefined || message === undefined || endOf(before).reason !== undefined) return [];
  // The node's own Event tells that it is going down.
  if (reason === "Terminated") return [];
  const words = message.startsWith(REJECTED) ? message.slice(REJECTED.length) : message;
  return [[reason === "DeadlineExceeded" ? "Normal" : "Warning", reason, words]];
}

/** Whether an earlier process had begun with a container: what it ran in is gone with it. */
function hasBegun({ attempt, exits }: Container): boolean {
  return attempt > 0 || exits > 0;
}

function endOf(state: PodState): { readonly reason?: string; readonly message?: string } {
  if (state.name === "Terminating") return state.termination;
  return "outcome" in state ? state.outcome : {};
}

function containerWords(before: Container, after: Container, pod: string): readonly Words[] {
  return [
    ...pullWords(before, after),
    ...startWords(before, after),
    ...killWords(before, after),
    ...backOffWords(before, after, pod),
  ];
}

function pullWords(before: Container, after: Container): readonly Words[] {
  const image = after.spec.image ?? "";
  if (isIn(before, "PullFailed") && isIn(after, "PullBackOff")) {
    return [
      ["Normal", "BackOff", `Back-off pulling image "${image}"`],
      ["Warning", "Failed", "Error: ImagePullBackOff"],
    ];
  }
  if (!isIn(before, "Pulling")) return [];
  if (isIn(after, "Pulling")) {
    const begins = after.state.downloading && !before.state.downloading;
    return begins ? [["Normal", "Pulling", `Pulling image "${image}"`]] : [];
  }
  if (isIn(after, "Starting")) {
    const { pull } = after.state;
    if (pull === undefined) {
      const there = `Container image "${image}" already present on machine and can be accessed by the pod`;
      return [["Normal", "Pulled", there]];
    }
    const { durationMs, waitedMs = 0, bytes } = pull;
    const took = `${goDuration(durationMs)} (${goDuration(durationMs + waitedMs)} including waiting)`;
    return [
      ["Normal", "Pulled", `Successfully pulled image "${image}" in ${took}. Image size: ${bytes} bytes.`],
    ];
  }
  if (!isIn(after, "PullFailed", "PullBackOff")) return [];
  const { reason } = after.state;
  return [pullFailureWords(image, after.state), ["Warning", "Failed", `Error: ${reason}`]];
}

function pullFailureWords(
  image: string,
  { reason, message }: Container<"PullFailed" | "PullBackOff">["state"],
): Words {
  switch (reason) {
    case "ErrImageNeverPull":
      return ["Warning", reason, pullFailureMessage(image, { reason, message })];
    case "InvalidImageName":
    case "ImageInspectError":
      return ["Warning", "InspectFailed", pullFailureMessage(image, { reason, message })];
    default: {
      const error = reason === "ErrImagePull" ? message : `${reason}: ${message}`;
      return ["Warning", "Failed", `Failed to pull image "${image}": ${error}`];
    }
  }
}

function startWords(before: Container, after: Container): readonly Words[] {
  if (!isIn(before, "Starting")) return [];
  if (isIn(after, "StartBackOff")) return [["Warning", "Failed", `Error: ${after.state.message}`]];
  const created: Words = ["Normal", "Created", "Container created"];
  if (isIn(after, "Running")) return [created, ["Normal", "Started", "Container started"]];
  const exit = isIn(after, "Terminated") ? after.state.exit : after.lastExit;
  if (after.exits === before.exits || exit?.exitCode !== 128) return [];
  return [created, ["Warning", "Failed", `Error: ${exit.message ?? exit.reason}`]];
}

function killWords(before: Container, after: Container): readonly Words[] {
  if (!isIn(after, "Terminating", "Killing")) return [];
  if (isIn(before, "Killing") && isIn(after, "Killing") && after.state.tries > before.state.tries) {
    const message = "Container runtime did not kill the pod within specified grace period.";
    return [["Warning", "ExceededGracePeriod", message]];
  }
  if (isIn(before, "Terminating", "Killing")) return [];
  return [["Normal", "Killing", killingMessage(after.name, after.state.cause)]];
}

function backOffWords(before: Container, after: Container, pod: string): readonly Words[] {
  if (isIn(before, "CrashBackOff") || !isIn(after, "CrashBackOff")) return [];
  return [["Warning", "BackOff", `Back-off restarting failed container ${after.name} in pod ${pod}`]];
}
