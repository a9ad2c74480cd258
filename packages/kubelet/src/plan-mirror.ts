import type { V1Pod } from "@kubernetes/client-node";

import { CONFIG_HASH, CONFIG_MIRROR } from "./static-pod.ts";

/** What is to be done about the mirror of one name. */
export type MirrorPlan =
  | { readonly do: "create"; readonly pod: V1Pod }
  | { readonly do: "delete"; readonly mirror: V1Pod }
  | undefined;

/**
 * Pure: what the mirror of a name needs, given the static pod of that name and the object there is, if any. One of a
 * pod that is no more, or of another version of it, goes, and so does one that somebody deletes: a new one follows.
 */
export function planMirror(pod: V1Pod | undefined, mirror: V1Pod | undefined): MirrorPlan {
  if (mirror === undefined) return pod === undefined ? undefined : { do: "create", pod };
  return pod !== undefined && shows(mirror, pod) ? undefined : { do: "delete", mirror };
}

function shows(mirror: V1Pod, pod: V1Pod): boolean {
  const hash = pod.metadata?.annotations?.[CONFIG_HASH];
  return (
    mirror.metadata?.annotations?.[CONFIG_MIRROR] === hash && mirror.metadata?.deletionTimestamp === undefined
  );
}
