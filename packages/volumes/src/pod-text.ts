import { KrustletError } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

/** What a UID may be; it has no dots. */
export const UID: RegExp = /^[A-Za-z0-9](?:[-A-Za-z0-9_]{0,61}[A-Za-z0-9])?$/;
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** `pod "namespace/name"`, as messages call it. */
export function podText(pod: V1Pod): string {
  return `pod "${namespaceOf(pod)}/${pod.metadata?.name ?? ""}"`;
}

/** The Pod's namespace. */
export function namespaceOf(pod: V1Pod): string {
  return pod.metadata?.namespace ?? "default";
}

/**
 * The Pod's UID, which becomes a directory's name.
 * @throws KrustletError `InvalidField` for one that could be anything but a plain name.
 */
export function uidOf(pod: V1Pod): string {
  const uid = pod.metadata?.uid ?? "";
  if (UID.test(uid)) return uid;
  throw new KrustletError("InvalidField", `${podText(pod)}: metadata.uid is not a UID`);
}

/** Demands a name of a volume or namespace; it becomes a directory's name. */
export function demandLabel(name: string, what: string): string {
  if (LABEL.test(name)) return name;
  throw new KrustletError("InvalidField", `${what} ${JSON.stringify(name.slice(0, 80))} is not a DNS label`);
}

/** Demands a name of an object; it becomes a directory's name. */
export function demandSubdomain(name: string, what: string): string {
  if (name.length <= 253 && SUBDOMAIN.test(name)) return name;
  throw new KrustletError("InvalidField", `${what} ${JSON.stringify(name.slice(0, 80))} is not a DNS name`);
}
