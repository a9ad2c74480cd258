// oxlint-disable typescript/no-misused-spread -- Pods are plain data here; the client only describes them as classes
import { KrustletError } from "@krustlet/interface";
import type { V1Container, V1Pod } from "@kubernetes/client-node";

import type { RunOptions } from "./run-options.ts";

/**
 * The Pods of a manifest with the command line's environment in each container, over the manifest's own.
 * @throws KrustletError `InvalidUsage` for options that a manifest has fields for.
 */
export function withRunOptions(pods: readonly V1Pod[], options: RunOptions): readonly V1Pod[] {
  const refused = [
    options.args !== undefined && "arguments after --",
    options.volumes.length > 0 && "-v",
    options.ports.length > 0 && "-p",
    options.network !== undefined && "--network",
    options.name !== undefined && "--name",
    options.restartPolicy !== undefined && "--restart",
    options.memory !== undefined && "--memory",
    options.cpus !== undefined && "--cpus",
  ].find((each) => each !== false);
  if (refused !== undefined) {
    throw new KrustletError(
      "InvalidUsage",
      `${refused}: a manifest says that itself; it is for modules and images`,
    );
  }
  const env = options.env.map(([name, value]) => ({ name, value: value.replaceAll("$", "$$$$") }));
  const { pullPolicy } = options;
  if (env.length === 0 && pullPolicy === undefined) return pods;
  const changed = (container: V1Container): V1Container => ({
    ...container,
    imagePullPolicy: pullPolicy ?? container.imagePullPolicy,
    env: [...(container.env ?? []), ...env],
  });
  return pods.map((pod) => ({
    ...pod,
    spec: pod.spec && {
      ...pod.spec,
      containers: pod.spec.containers.map(changed),
      initContainers: pod.spec.initContainers?.map(changed),
    },
  }));
}

/** The Pod with a UID of its own, unless it has one. */
export function withUid(pod: V1Pod, uid: string): V1Pod {
  return { ...pod, metadata: { ...pod.metadata, uid: pod.metadata?.uid ?? uid } };
}
