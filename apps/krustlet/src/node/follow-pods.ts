import { watchPods } from "@krustlet/kube";
import { apiPods, eventOfFailure, podKeyOf, startKubelet, staticPods } from "@krustlet/kubelet";
import type { Kubelet, PodFailure, PodTransition, SourceChange } from "@krustlet/kubelet";
import type { Pressure } from "@krustlet/eviction";
import { warningOf } from "@krustlet/manifest";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import type { Logger } from "pino";
import { catchError, defer, NEVER, switchMap } from "rxjs";
import type { Observable } from "rxjs";

import type { ComposedNode, FollowedCluster } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import { parsePods } from "../load-manifest.ts";
import { podFields } from "../log/node-log.ts";
import { systemClock } from "@krustlet/clock";
import { admitPod } from "./admit-pod.ts";
import { logFailure, logStep } from "./log-pods.ts";
import { quietly } from "./quietly.ts";
import { recordStep, recordWarning } from "./record-events.ts";
import { withHeldDevices } from "./with-held-devices.ts";

/** What {@link followPods} runs pods with. */
export interface FollowPodsInit {
  readonly config: NodeConfig;
  readonly node: ComposedNode;
  readonly cluster: FollowedCluster;
  readonly newestNode: () => V1Node;
  /** The pressures that the node is under. */
  readonly pressure: () => Pressure;
  readonly log: Logger;
  /** Aborted: the node takes no more pods. */
  readonly signal: AbortSignal;
}

/**
 * Runs the pods that its own manifests and, once the cluster is known, the API server give to a node, until it is
 * disposed by the caller.
 */
export function followPods({
  config,
  node,
  cluster,
  newestNode,
  pressure,
  log,
  signal,
}: FollowPodsInit): Kubelet {
  const { kube, client, recorder, devices } = node;
  const tellIgnored = (pod: V1Pod): void => {
    const message = warningOf(pod);
    if (message === undefined) return;
    log.warn(podFields(podKeyOf(pod)), message);
    recordWarning(recorder, podKeyOf(pod), { reason: "FieldsIgnored", message });
  };
  const { staticPodPath, nodeName, allowedUnsafeSysctls } = config;
  const manifests = staticPodPath === "" ? [] : [staticManifests(staticPodPath, nodeName, log)];
  const pods$ = watchPods(kube, nodeName, {
    onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the watch of pods is interrupted"),
  });
  const kubelet = startKubelet({
    ...cluster.kubelet,
    admit: async (pod, active) => {
      const rejection = await admitPod(pod, active, {
        node: () => withHeldDevices(newestNode(), devices.held()),
        readNode: async () => withHeldDevices(await client.getNode(nodeName, { signal }), devices.held()),
        pressure,
        allowedUnsafeSysctls,
      });
      if (rejection === undefined) tellIgnored(pod);
      return rejection;
    },
    sources: [
      ...manifests,
      defer(() => cluster.synced(signal)).pipe(
        // A node that is stopped before that has run none of them.
        catchError(() => NEVER),
        switchMap(() => apiPods(pods$)),
      ),
    ],
  });
  const onStep = (step: PodTransition): void => {
    logStep(log, step);
    recordStep(recorder, step);
  };
  const onFailure = (failure: PodFailure): void => {
    logFailure(log, failure);
    const event = eventOfFailure(failure);
    if (event !== undefined) recordWarning(recorder, failure.pod, event);
  };
  kubelet.transitions$.subscribe(quietly(log, onStep));
  kubelet.failures$.subscribe(quietly(log, onFailure));
  return kubelet;
}

/** The pods of a directory of manifests. */
function staticManifests(path: string, nodeName: string, log: Logger): Observable<SourceChange> {
  let told: string | undefined;
  return staticPods({
    path,
    nodeName,
    clock: systemClock,
    parse: async (content, file) => {
      const { manifest, pods } = await parsePods(content, { source: file, directory: path });
      for (const warning of manifest.warnings) log.warn({ file }, warning);
      return { pods };
    },
    onError: (err) => {
      // It is looked at every twenty seconds; the same sentence is told once.
      const sentence = err instanceof Error ? err.message : String(err);
      if (sentence !== told) log.warn({ err, path }, "static pods cannot be read");
      told = sentence;
    },
  });
}
