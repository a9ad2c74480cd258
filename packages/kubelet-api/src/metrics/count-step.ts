import type { Container, ContainerExitRecord } from "@krustlet/pod-machine";

import { imageSizeLabelOf } from "./image-size-label.ts";
import type { KubeletInstruments } from "./kubelet-instruments.ts";
import type { PodStep } from "./pod-start.ts";

/** Reasons of rejections that have a value of their own; that of a device's name, or of whoever judges, could be anything. */
const REJECTIONS: ReadonlySet<string> = new Set([
  "AppArmor",
  "Evicted",
  "InvalidNodeInfo",
  "NodeAffinity",
  "NodeName",
  "NodePorts",
  "NodeShutdown",
  "OutOfcpu",
  "OutOfephemeral-storage",
  "OutOfmemory",
  "OutOfpods",
  "PodOSNotSupported",
  "PodOSSelectorNodeLabelDoesNotMatch",
  "SupplementalGroupsPolicyNotSupported",
  "SysctlForbidden",
  "TaintToleration",
  "UnexpectedAdmissionError",
]);
const RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage", "pods"]);
const LARGEST_EXIT_CODE = 255;

/** Counts what one step of a pod tells. */
export function countStep(step: PodStep, instruments: KubeletInstruments): void {
  const { event, previous, state, pod } = step;
  countExits(step, instruments);
  if (previous.name === "Registered" && state.name === "Mounting")
    instruments.containersPerPod.observe({}, pod.spec?.containers.length ?? 0);
  if (previous.name === "Mounting" && state.name === "Running") instruments.startedPods.add({});
  switch (event.type) {
    case "mountFailed":
      if (event.reason === "FailedCreatePodSandBox") instruments.failedPods.add({});
      return;
    case "rejected":
      if (previous.name === "Registered") instruments.rejections.add({ reason: rejectionOf(event.reason) });
      return;
    case "evicted":
      // What has ended already, or is ending for another reason, is not evicted any more.
      if (previous.name === state.name || event.signal === undefined) return;
      if (event.reason === "Preempting")
        instruments.preemptions.add({
          preemption_signal: RESOURCES.has(event.signal) ? event.signal : "other",
        });
      else instruments.evictions.add({ eviction_signal: event.signal });
      return;
    case "pulled":
      if (event.pull !== undefined) {
        const { bytes, durationMs } = event.pull;
        instruments.pull.observe({ image_size_in_bytes: imageSizeLabelOf(bytes) }, durationMs / 1000);
      }
      return;
    case "started":
      instruments.startedContainers.add({ container_type: typeOf(kindOf(step, event.container)) });
      return;
    case "startFailed": {
      const container_type = typeOf(kindOf(step, event.container));
      instruments.failedContainers.add({ container_type, code: event.reason });
      return;
    }
    default:
  }
}

function countExits({ previous, state }: PodStep, { terminatedContainers }: KubeletInstruments): void {
  if (previous.facts.containers === state.facts.containers) return;
  for (const [index, after] of state.facts.containers.entries()) {
    if (after.exits <= (previous.facts.containers[index]?.exits ?? 0)) continue;
    const exit = exitOf(after);
    if (exit === undefined) continue;
    terminatedContainers.add({
      container_type: typeOf(after.kind),
      // A guest may end with any of four thousand million codes.
      exit_code: exit.exitCode > LARGEST_EXIT_CODE ? "other" : String(exit.exitCode),
      reason: exit.reason ?? "",
    });
  }
}

/** How the newest run that has ended did: the pod may have gone on with the next one in the same step. */
function exitOf({ state, lastExit }: Container): ContainerExitRecord | undefined {
  return state.name === "Terminated" ? state.exit : lastExit;
}

function rejectionOf(reason: string): string {
  if (REJECTIONS.has(reason)) return reason;
  return reason.startsWith("OutOf") ? "OutOfExtendedResources" : "Other";
}

function kindOf({ state }: PodStep, container: string): Container["kind"] | undefined {
  return state.facts.containers.find(({ name }) => name === container)?.kind;
}

function typeOf(kind: Container["kind"] | undefined): "container" | "init_container" {
  return kind === undefined || kind === "regular" ? "container" : "init_container";
}
