import { KrustletError } from "@krustlet/interface";
import type { V1Container, V1Pod } from "@kubernetes/client-node";

import { podKeyOf } from "./container-plan.ts";

/**
 * Refuses a container that is not to be root's and asks for that very user. Beside this one, a guest has no user: it
 * never is root's.
 * @throws KrustletError `InvalidField`, with the kubelet's words as its `detail`.
 */
export function requireNonRoot(pod: V1Pod, { name, securityContext }: V1Container): void {
  const ofPod = pod.spec?.securityContext;
  const runAsNonRoot = securityContext?.runAsNonRoot ?? ofPod?.runAsNonRoot ?? false;
  const runAsUser = securityContext?.runAsUser ?? ofPod?.runAsUser;
  if (!runAsNonRoot || runAsUser !== 0) return;
  const key = podKeyOf(pod);
  const text = `${key.name}_${key.namespace}(${key.uid})`;
  const detail = `container's runAsUser breaks non-root policy (pod: "${text}", container: ${name})`;
  const where = `pod "${key.namespace}/${key.name}", container "${name}"`;
  throw new KrustletError("InvalidField", `${where}: ${detail}`, { detail });
}
