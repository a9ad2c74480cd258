import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

import type { Refusal } from "../http/refusal.ts";

/** A run of a container, as a pod's status names it. */
export interface ContainerRun {
  readonly containerID: string;
}

/** The run whose log is meant, by the kubelet's rules and in its words; what is refused is a 404 or a 400. */
export function containerRunOf(pod: V1Pod, container: string, previous: boolean): ContainerRun | Refusal {
  const name = pod.metadata?.name ?? "";
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const specs = [...initContainers, ...containers, ...ephemeralContainers];
  if (!specs.some((each) => each.name === container)) {
    return { status: 404, text: `container ${quote(container)} not found in pod ${quote(name)}` };
  }
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
  const status = [containerStatuses, initContainerStatuses, ephemeralContainerStatuses]
    .flatMap((each) => each ?? [])
    .find((each) => each.name === container);
  const which = `container ${quote(container)} in pod ${quote(name)}`;
  if (status === undefined) return { status: 400, text: `${which} is not available` };
  const containerID = previous ? status.lastState?.terminated?.containerID : currentOf(status);
  if (containerID !== undefined && containerID !== "") return { containerID };
  return {
    status: 400,
    text: previous ? `previous terminated ${which} not found` : `${which} ${whyNot(status)}`,
  };
}

/** The run that goes on, or else the last one. */
function currentOf({ state, lastState, containerID }: V1ContainerStatus): string | undefined {
  if (state?.running !== undefined) return containerID;
  return state?.terminated?.containerID || lastState?.terminated?.containerID;
}

function whyNot({ state, lastState }: V1ContainerStatus): string {
  if (state?.terminated !== undefined || lastState?.terminated !== undefined) return "is terminated";
  switch (state?.waiting?.reason) {
    case undefined:
      return "is waiting to start - no logs yet";
    case "ErrImagePull":
      return "is waiting to start: image can't be pulled";
    case "ImagePullBackOff":
      return "is waiting to start: trying and failing to pull image";
    default:
      return `is waiting to start: ${state?.waiting?.reason}`;
  }
}

function quote(name: string): string {
  return JSON.stringify(name);
}
