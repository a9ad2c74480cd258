import { handlerOf } from "@krustlet/admission";
import type { Handler } from "@krustlet/admission";
import { KrustletError } from "@krustlet/interface";
import type { PodEvent } from "@krustlet/pod-machine";

import { messageOf } from "../failure-reason.ts";
import type { PodContext } from "../pod-context.ts";
import type { Effect } from "./effect.ts";

const SHUTTING_DOWN = {
  reason: "NodeShutdown",
  message: "Pod was rejected as the node is shutting down.",
} as const;

/** Decides whether this machine takes the pod, and gives it an address. */
export const admit: Effect<"admit"> = async (context, _action, signal) => {
  const { kubelet, pod } = context;
  const hostIPs = kubelet.node.hostIPs ?? [];
  const handler = runtimeOf(context);
  if (handler.found === "nothing") {
    return rejected(context, handler.reason, new KrustletError("RuntimeNotFound", handler.message));
  }
  const rejection = await context.shared.admissions(async () => {
    signal.throwIfAborted();
    const refused = context.shared.shuttingDown
      ? SHUTTING_DOWN
      : await kubelet.admit?.(context.pod, context.shared.activePods(context.key.uid));
    context.admitted = refused === undefined;
    return refused;
  });
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
