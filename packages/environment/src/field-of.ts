import { KrustletError } from "@krustlet/interface";

import { goQuote } from "./go-quote.ts";
import type { EnvironmentPod, NodeFacts } from "./pod.ts";

/** Field paths that `env` and downwardAPI volumes know without a subscript. */
export const FIELD_PATHS: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "metadata.labels",
  "metadata.annotations",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

/** Kubernetes' own form, and the one with a dot that manifests for the first Krustlet have. */
const SUBSCRIPTED = /^metadata\.(labels|annotations)(?:\['([^']*)'\]|\.(.+))$/;

/**
 * The value of a downward API field of `pod`: `metadata.name`, `metadata.labels['app']`, `status.podIP` ….
 * A label or annotation that is not there is the empty text, as is a field that the node does not know. Lists are
 * joined by commas; whole maps are lines of `key="value"` in the order of their keys.
 * @throws KrustletError `InvalidField` for any other path.
 */
export function fieldOf(pod: EnvironmentPod, fieldPath: string, node: NodeFacts = {}): string {
  const subscripted = SUBSCRIPTED.exec(fieldPath);
  if (subscripted !== null) {
    const [, map, bracketed, dotted = ""] = subscripted;
    const key = bracketed ?? dotted;
    const entries = (map === "labels" ? pod.metadata?.labels : pod.metadata?.annotations) ?? {};
    return Object.hasOwn(entries, key) ? (entries[key] ?? "") : "";
  }
  switch (fieldPath) {
    case "metadata.name":
      return pod.metadata?.name ?? "";
    case "metadata.namespace":
      return pod.metadata?.namespace ?? "default";
    case "metadata.uid":
      return pod.metadata?.uid ?? "";
    case "metadata.labels":
      return linesOf(pod.metadata?.labels);
    case "metadata.annotations":
      return linesOf(pod.metadata?.annotations);
    case "spec.nodeName":
      return pod.spec?.nodeName ?? node.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "default";
    case "status.hostIP":
      return node.hostIPs?.[0] ?? "";
    case "status.hostIPs":
      return (node.hostIPs ?? []).join(",");
    case "status.podIP":
      return node.podIPs?.[0] ?? "";
    case "status.podIPs":
      return (node.podIPs ?? []).join(",");
    default:
      throw new KrustletError(
        "InvalidField",
        `fieldPath "${fieldPath}" is not one that the downward API knows (${FIELD_PATHS.join(", ")}, ` +
          `metadata.labels['<key>'], metadata.annotations['<key>'])`,
      );
  }
}

function linesOf(map: Readonly<Record<string, string>> = {}): string {
  const keys = Object.keys(map).toSorted();
  return keys.map((key) => `${key}=${goQuote(map[key] ?? "")}`).join("\n");
}
