import { KrustletError } from "@krustlet/interface";
import type { Cancellable, IssuedToken, TokenRequest } from "@krustlet/interface";
import type { Kube } from "./kube.ts";
import { pathOf } from "./kube.ts";

/** Asks for a service account's token, bound to a pod. Rejects as `Kube.request` does. */
export async function requestToken(
  kube: Kube,
  { namespace, serviceAccount, audiences, expirationSeconds, pod }: TokenRequest,
  options?: Cancellable,
): Promise<IssuedToken> {
  const path = pathOf("api", "v1", "namespaces", namespace, "serviceaccounts", serviceAccount, "token");
  const body = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      audiences,
      expirationSeconds,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pod.name, uid: pod.uid },
    },
  };
  const answer = await kube.request<{
    readonly status?: { readonly token?: unknown; readonly expirationTimestamp?: unknown };
  }>({ method: "POST", path, body }, options);
  const { token, expirationTimestamp } = answer.status ?? {};
  const expiresAt = new Date(String(expirationTimestamp));
  if (typeof token !== "string" || token === "" || Number.isNaN(expiresAt.getTime())) {
    const sentence = `The API server gave no token of the service account ${namespace}/${serviceAccount}.`;
    throw new KrustletError("InvalidObject", sentence);
  }
  return { token, expiresAt };
}
