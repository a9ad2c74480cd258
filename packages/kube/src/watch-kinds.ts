import type { V1Node, V1Pod, V1RuntimeClass, V1Service } from "@kubernetes/client-node";
import type { Observable } from "rxjs";
import type { ObjectChange } from "./known-objects.ts";
import type { Kube } from "./kube.ts";
import { nodeFromJson, objectFromJson, podFromJson } from "./object-dates.ts";
import type { WatchOptions } from "./watch-objects.ts";
import { watchObjects } from "./watch-objects.ts";

/** Options of the watches of one kind. */
export type KindWatchOptions = Omit<WatchOptions<never>, "decode">;

/** The pods that are bound to a node: all that a node may watch. */
export function watchPods(
  kube: Kube,
  nodeName: string,
  options: KindWatchOptions = {},
): Observable<ObjectChange<V1Pod>> {
  const target = { path: "/api/v1/pods", fieldSelector: `spec.nodeName=${nodeName}` };
  return watchObjects<V1Pod>(kube, target, { ...options, decode: podFromJson });
}

/** A node's own object. */
export function watchNode(
  kube: Kube,
  nodeName: string,
  options: KindWatchOptions = {},
): Observable<ObjectChange<V1Node>> {
  const target = { path: "/api/v1/nodes", fieldSelector: `metadata.name=${nodeName}` };
  return watchObjects<V1Node>(kube, target, { ...options, decode: nodeFromJson });
}

/** All Services: their addresses become environment variables. */
export function watchServices(
  kube: Kube,
  options: KindWatchOptions = {},
): Observable<ObjectChange<V1Service>> {
  return watchObjects<V1Service>(kube, { path: "/api/v1/services" }, { ...options, decode: objectFromJson });
}

/** All RuntimeClasses. */
export function watchRuntimeClasses(
  kube: Kube,
  options: KindWatchOptions = {},
): Observable<ObjectChange<V1RuntimeClass>> {
  const target = { path: "/apis/node.k8s.io/v1/runtimeclasses" };
  return watchObjects<V1RuntimeClass>(kube, target, { ...options, decode: objectFromJson });
}
