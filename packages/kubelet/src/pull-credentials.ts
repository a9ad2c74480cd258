import { isKrustletError } from "@krustlet/interface";
import type { RegistryCredential } from "@krustlet/interface";

import { messageOf } from "./failure-reason.ts";
import type { PodContext } from "./pod-context.ts";

/**
 * What the pod's pull secrets hold. One that is not there, cannot be had or holds no credentials is left out and told:
 * the image may be had without it.
 */
export async function pullCredentials(
  context: PodContext,
  signal: AbortSignal,
): Promise<readonly RegistryCredential[]> {
  const { kubelet, pod, key } = context;
  const { credentialsOf } = kubelet;
  const names = (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []));
  if (credentialsOf === undefined || names.length === 0) return [];
  const missing: string[] = [];
  const read = async (name: string): Promise<readonly RegistryCredential[]> => {
    try {
      const secret = await kubelet.objects.secret(key.namespace, name, { signal });
      if (secret !== undefined) return await credentialsOf(secret, `secret ${key.namespace}/${name}`);
    } catch (error) {
      signal.throwIfAborted();
      if (isKrustletError(error, "InvalidObject")) {
        kubelet.onWarning?.(key, messageOf(error));
        return [];
      }
    }
    missing.push(name);
    return [];
  };
  const found = await Promise.all(names.map(read));
  if (missing.length > 0) {
    const listed = names.filter((name) => missing.includes(name)).join(", ");
    kubelet.onWarning?.(
      key,
      `Unable to retrieve some image pull secrets (${listed}); attempting to pull the image may not succeed.`,
      "FailedToRetrieveImagePullSecret",
    );
  }
  return found.flat();
}
