/**
 * Whether a node takes a Pod, as the kubelet decides it, and which runtime runs it. Pure.
 *
 * @example
 * ```ts
 * import { admissionOf } from "@krustlet/admission";
 *
 * const pod = { spec: { containers: [{ name: "main", resources: { requests: { cpu: "2" } } }] } };
 * const node = { metadata: { name: "n1" }, status: { allocatable: { cpu: "1500m", pods: "110" } } };
 * admissionOf({ pod, node, activePods: [] });
 * // { reason: "OutOfcpu", message: "Node didn't have enough resource: cpu, requested: 2000, used: 0, capacity: 1500" }
 * ```
 *
 * @packageDocumentation
 */
export { admissionOf } from "./admission-of.ts";
export type { AdmissionInit } from "./admission-of.ts";
export { handlerOf } from "./handler-of.ts";
export type { Handler, HandlerInit, RuntimeClassLike } from "./handler-of.ts";
export { matchesNodeTerms } from "./node-affinity.ts";
export type {
  AdmissionContainer,
  AdmissionNode,
  AdmissionPod,
  HostPort,
  Rejection,
  ResourceAmounts,
  SelectorRequirement,
  SelectorTerm,
  Taint,
  Toleration,
} from "./pod.ts";
export { isCriticalPod, isStaticPod } from "./pod-kind.ts";
export { podRequestsOf } from "./pod-requests.ts";
export type { Amounts } from "./pod-requests.ts";
