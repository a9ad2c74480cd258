import { handlerOf } from "@krustlet/admission";
import type { Handler, Rejection } from "@krustlet/admission";
import { KrustletError } from "@krustlet/interface";
import type { PodEvent } from "@krustlet/pod-machine";

import { evictPod } from "../evict-pod.ts";
import { messageOf } from "../failure-reason.ts";
import type { PodContext } from "../pod-context.ts";
import type { Effect } from "./effect.ts";

const SHUTTING_DOWN = {
  reason: "NodeShutdown",
  message: "Pod was rejected as the node is shutting down.",
} as const;

/** The kubelet's words for it. */
const PREEMPTING = { reason: "Preempting", message: "Preempted in order to admit critical pod" } as const;

/** Decides whether this machine takes the pod, and gives it an address. */
export const admit: Effect<"admit"> = async (context, _action, signal) => {
  const { kubelet, pod } = context;
  const hostIPs = kubelet.node.hostIPs ?? [];
  const handler = runtimeOf(context);
  if (handler.found === "nothing") {
    return rejected(context, handler.reason, new KrustletError("RuntimeNotFound", handler.message));
  }
  const rejection = await context.shared.admissions(() => judge(context, signal));
  if (rejection !== undefined) {
    const { reason, message } = rejection;
    return { type: "rejected", at: context.now(), reason, message };
  }
  try {
    if (pod.spec?.hostNetwork !== true) context.address ??= kubelet.addresses.lease(context.key);
  } catch (error) {
    context.admitted = false;
    return rejected(context, "OutOfpods", error);
  }
  const podIPs = context.address === undefined ? hostIPs : [context.address.address];
  return { type: "admitted", at: context.now(), hostIPs, podIPs };
};

/** Asks the node, and ends the pods that it names for a critical one, which it then takes. */
async function judge(context: PodContext, signal: AbortSignal): Promise<Rejection | undefined> {
  const { kubelet, shared, key } = context;
  const preempted = new Set<string>();
  for (;;) {
    signal.throwIfAborted();
    const refused: Rejection | undefined = shared.shuttingDown
      ? SHUTTING_DOWN
      : await kubelet.admit?.(context.pod, shared.activePods(key.uid));
    const uids = (refused?.preempts ?? []).map((pod) => pod.metadata?.uid ?? "");
    // One that has been asked to end and does not is not asked again.
    if (refused === undefined || !uids.some((uid) => !preempted.has(uid))) {
      context.admitted = refused === undefined;
      return refused;
    }
    const resource = refused.reason.replace(/^OutOf/u, "");
    await Promise.all(uids.map((uid) => preempt(context, uid, resource, signal)));
    for (const uid of uids) preempted.add(uid);
  }
}

async function preempt(
  { kubelet, shared }: PodContext,
  uid: string,
  resource: string,
  signal: AbortSignal,
): Promise<void> {
  const living = shared.pods.get(uid);
  const gracePeriodSeconds = living?.context.pod.spec?.terminationGracePeriodSeconds ?? 30;
  const { clock, rootDir } = kubelet;
  const eviction = { ...PREEMPTING, signal: resource, gracePeriodSeconds };
  await evictPod(living, eviction, { shared, clock, rootDir }, { signal });
}

/** Which runtime runs the pod's containers. */
export function runtimeOf({ kubelet, pod }: Pick<PodContext, "kubelet" | "pod">): Handler {
  if (kubelet.runtimeOf !== undefined) return kubelet.runtimeOf(pod);
  const { runtimes, defaultRuntime } = kubelet;
  return handlerOf({ pod, runtimes: [...runtimes.keys()], defaultRuntime });
}

function rejected(context: PodContext, reason: string, error: unknown): PodEvent {
  context.outputs.fail({ pod: context.key, action: "admit", error });
  return { type: "rejected", at: context.now(), reason, message: messageOf(error) };
}
