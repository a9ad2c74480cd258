import { createHash } from "node:crypto";

import type { V1Pod, V1PodSpec, V1Toleration } from "@kubernetes/client-node";

import { podKeyOf } from "./container-plan.ts";

/** Annotations by which static pods, and their mirrors at the API server, are told from others. */
export const CONFIG_SOURCE = "kubernetes.io/config.source";
export const CONFIG_HASH = "kubernetes.io/config.hash";
export const CONFIG_MIRROR = "kubernetes.io/config.mirror";
const CONFIG_SEEN = "kubernetes.io/config.seen";

/** What makes a manifest's pod a static pod of a node. */
export interface StaticPodInit {
  readonly nodeName: string;
  /** Where the manifest was read; part of the UID. */
  readonly file: string;
  readonly seen: Date;
}

/**
 * The static pod of a manifest, as the kubelet makes it: named after the node, with annotations that tell its source,
 * and a UID that follows from what the manifest says, unless it has one, so that it is the same pod after a restart. It
 * stays on its node whatever is wrong with that, and has no service account.
 */
export function staticPodOf(manifest: V1Pod, { nodeName, file, seen }: StaticPodInit): V1Pod {
  const { apiVersion = "v1", kind = "Pod", metadata, spec } = manifest;
  const said = JSON.stringify({ apiVersion, kind, metadata, spec });
  const uid = metadata?.uid || createHash("md5").update(`${said}host:${nodeName}file:${file}`).digest("hex");
  return {
    apiVersion,
    kind,
    metadata: Object.assign({}, metadata, {
      name: `${metadata?.name ?? ""}-${nodeName.toLowerCase()}`,
      namespace: metadata?.namespace || "default",
      uid,
      annotations: {
        ...metadata?.annotations,
        [CONFIG_HASH]: uid,
        [CONFIG_SEEN]: `${seen.toISOString().slice(0, -1)}000000Z`,
        [CONFIG_SOURCE]: "file",
      },
    }),
    spec: Object.assign({}, spec, {
      containers: spec?.containers ?? [],
      nodeName,
      // The API server takes no mirror that names one; nobody gives a static pod a token.
      serviceAccount: undefined,
      serviceAccountName: undefined,
      tolerations: toleratingAll(spec?.tolerations),
    } satisfies Partial<V1PodSpec>),
    status: { phase: "Pending" },
  };
}

function toleratingAll(tolerations: readonly V1Toleration[] = []): V1Toleration[] {
  const others = tolerations.filter(
    ({ key, operator, effect }) => key || operator !== "Exists" || effect !== "NoExecute",
  );
  return [...others, { operator: "Exists", effect: "NoExecute" }];
}

/** Whether a pod comes from a manifest of the node's own. */
export function isStatic({ metadata }: V1Pod): boolean {
  const source = metadata?.annotations?.[CONFIG_SOURCE];
  return source !== undefined && source !== "api" && !isMirror({ metadata });
}

/** Whether an object of the API server is the mirror of a static pod: shown, and never run. */
export function isMirror({ metadata }: V1Pod): boolean {
  return metadata?.annotations?.[CONFIG_MIRROR] !== undefined;
}

/** The mirror of a static pod, to be created; `node` owns it. */
export function mirrorOf(
  pod: V1Pod,
  node: { readonly name: string; readonly uid: string | undefined },
): V1Pod {
  const { namespace, name } = podKeyOf(pod);
  const { labels, annotations } = pod.metadata ?? {};
  const owner = { apiVersion: "v1", kind: "Node", name: node.name, uid: node.uid ?? "", controller: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      namespace,
      name,
      labels,
      annotations: { ...annotations, [CONFIG_MIRROR]: annotations?.[CONFIG_HASH] ?? "" },
      ...(node.uid === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: pod.spec,
  };
}
