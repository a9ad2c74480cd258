/**
 * The pod and container state machines of a kubelet: pure, typed, no I/O. The README shows how to drive them.
 *
 * @example
 * ```ts
 * import { initialState, statusOf, transition, workOf } from "@krustlet/pod-machine";
 *
 * const pod = { metadata: { name: "demo" }, spec: { containers: [{ name: "main", image: "main:v1" }] } };
 * let state = initialState(pod, new Date());
 * workOf(state); // [{ key: "admit", do: "admit" }]
 * state = transition(state, { type: "admitted", at: new Date() });
 * workOf(state); // [{ key: "mount/1", do: "mount", attempt: 1 }]
 * statusOf(state).phase; // "Pending"
 * ```
 *
 * @packageDocumentation
 */
export { checkpointOf, isWorthKeeping } from "./checkpoint.ts";
export type { BegunRun, Checkpoint, ContainerCheckpoint } from "./checkpoint.ts";
export { CONTAINER_EDGES } from "./container-graph.ts";
export type {
  Container,
  ContainerExitRecord,
  ContainerFacts,
  ContainerKind,
  ContainerStateName,
  ContainerStateOf,
  StopCause,
} from "./container-graph.ts";
export type { PodAction } from "./pod-action.ts";
export type { ContainerEvent, ContainerTry, PodEvent, PullFailure, StartFailure } from "./pod-event.ts";
export { diagramOf } from "./diagram.ts";
export { initialState } from "./initial-state.ts";
export { eventsOf } from "./kubernetes-events.ts";
export type { PodEventRecord } from "./kubernetes-events.ts";
export { parseCheckpoint } from "./parse-checkpoint.ts";
export { POD_EDGES } from "./pod-graph.ts";
export type {
  MachineOptions,
  PodFacts,
  PodOutcome,
  PodState,
  PodStateName,
  PodStateOf,
  Termination,
} from "./pod-graph.ts";
export type {
  ContainerLike,
  ContainerStateLike,
  ContainerStatusLike,
  PodConditionLike,
  PodLike,
  PodMetadataLike,
  PodSpecLike,
  PodStatusLike,
  ProbeLike,
  ResourcesLike,
  RestartRuleLike,
  VolumeMountLike,
} from "./pod-like.ts";
export type {
  ContainerStateStatus,
  ContainerStatus,
  PodCondition,
  PodPhase,
  PodStatus,
  QosClass,
  ResourcesStatus,
  TerminatedStatus,
  VolumeMountStatus,
} from "./pod-status.ts";
export { pullPolicyOf } from "./pull-policy.ts";
export type { ImagePullPolicy } from "./pull-policy.ts";
export { statusOf } from "./status.ts";
export { withClockSet } from "./clock-set.ts";
export { transition } from "./transition.ts";
export { wakeOf, workOf } from "./work.ts";
