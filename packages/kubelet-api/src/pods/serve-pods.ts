import type { V1Pod } from "@kubernetes/client-node";

import { answerStream } from "../http/answer.ts";
import type { Route } from "../http/route.ts";
import type { PodReader } from "../kubelet-api-init.ts";

/** `/pods`: every pod of the node; `/runningpods/`: those of which something runs. */
export function podRoutes(pods: PodReader): readonly Route[] {
  return [
    podListRoute("pods", () => pods.list()),
    podListRoute("runningpods", () => pods.running().map((pod) => withoutStatus(pod))),
  ];
}

function podListRoute(name: string, list: () => readonly V1Pod[]): Route {
  return {
    methods: ["GET"],
    path: [name],
    serve: async ({ signal }, response) => {
      await answerStream(response, "application/json", podListOf(list()), signal);
      return undefined;
    },
  };
}

/** A `v1.PodList`, pod by pod, so that a thousand of them hold up nobody else. */
async function* podListOf(pods: readonly V1Pod[]): AsyncGenerator<string> {
  yield '{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[';
  for (const [index, pod] of pods.entries())
    yield `${index === 0 ? "" : ","}${JSON.stringify(pod, inSeconds)}`;
  yield "]}\n";
}

/** What a runtime knows of a pod: its name, and which containers are in it. */
function withoutStatus({ metadata, spec }: V1Pod): V1Pod {
  const { name, namespace, uid } = metadata ?? {};
  const containers = (spec?.containers ?? []).map(({ name, image }) => ({ name, image }));
  return { metadata: { name, namespace, uid }, spec: { containers } };
}

/** Kubernetes' times have no fractions of a second. */
function inSeconds(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Readonly<Record<string, unknown>>)[key];
  return original instanceof Date ? `${original.toISOString().slice(0, 19)}Z` : value;
}
