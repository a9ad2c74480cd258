/** When a registry is asked for an image. */
export type ImagePullPolicy = "Always" | "IfNotPresent" | "Never";

/**
 * The pull policy as it is written or, as Kubernetes defaults it, `Always` for the tag `latest`, which is also meant
 * where there is neither a tag nor a digest; else `IfNotPresent`.
 */
export function pullPolicyOf(policy: string | undefined, image: string): ImagePullPolicy {
  if (policy === "Always" || policy === "IfNotPresent" || policy === "Never") return policy;
  const [name = "", digest] = image.split("@", 2);
  const tag = /:([^:/]+)$/.exec(name)?.[1] ?? (digest === undefined ? "latest" : "");
  return tag === "latest" ? "Always" : "IfNotPresent";
}
