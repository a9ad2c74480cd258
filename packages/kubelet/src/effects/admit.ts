import { KrustletError } from "@krustlet/interface";
import type { PodEvent } from "@krustlet/pod-machine";

import { messageOf } from "../failure-reason.ts";
import type { PodContext } from "../pod-context.ts";
import type { Effect } from "./effect.ts";

/** Decides whether this machine takes the pod, and gives it an address. */
export const admit: Effect<"admit"> = async (context) => {
  const { kubelet, pod } = context;
  const hostIPs = kubelet.node.hostIPs ?? [];
  const runtime = runtimeNameOf(context);
  if (!kubelet.runtimes.has(runtime)) {
    const known = [...kubelet.runtimes.keys()].join(", ");
    return rejected(
      context,
      "RuntimeClassNotFound",
      new KrustletError(
        "RuntimeNotFound",
        `pod ${context.key.namespace}/${context.key.name}: spec.runtimeClassName "${runtime}" is none that this node knows (${known})`,
      ),
    );
  }
  try {
    if (pod.spec?.hostNetwork !== true) context.address ??= kubelet.addresses.lease(context.key);
  } catch (error) {
    return rejected(context, "OutOfpods", error);
  }
  const podIPs = context.address === undefined ? hostIPs : [context.address.address];
  return { type: "admitted", at: context.now(), hostIP: hostIPs[0], podIPs };
};

/** The name of the runtime that runs the pod's containers. */
export function runtimeNameOf({ kubelet, pod }: Pick<PodContext, "kubelet" | "pod">): string {
  return pod.spec?.runtimeClassName ?? kubelet.defaultRuntime;
}

function rejected(context: PodContext, reason: string, error: unknown): PodEvent {
  context.outputs.fail({ pod: context.key, action: "admit", error });
  return { type: "rejected", at: context.now(), reason, message: messageOf(error) };
}
