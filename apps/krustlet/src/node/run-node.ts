import { apiPods, podKeyOf, startKubelet } from "@krustlet/kubelet";
import { watchNode, watchPods } from "@krustlet/kube";
import {
  cordonEventOf,
  discoverAddresses,
  keepLease,
  nodeEventsOf,
  planNodeLabels,
  registerNode,
  reportNodeStatus,
} from "@krustlet/node";
import type { NodeEvent } from "@krustlet/node";
import { warningsOf } from "@krustlet/manifest";
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { CliHost } from "../cli-host.ts";
import { composeNode } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import { stopRequests } from "../stop-requests.ts";
import { podFields } from "../log/node-log.ts";
import { systemClock } from "../system-clock.ts";
import { admitPod } from "./admit-pod.ts";
import { collectImages } from "./collect-images.ts";
import { createNodeComputer } from "./compute-node.ts";
import { followObjects } from "./follow-objects.ts";
import { logFailure, logStep } from "./log-pods.ts";
import { reachApiServer } from "./reach-api-server.ts";
import { recordNodeEvent, recordStep, recordWarning } from "./record-events.ts";

/** What {@link runNode} runs. */
export interface RunNodeInit {
  readonly config: NodeConfig;
  readonly host: CliHost;
  readonly log: Logger;
}

/** As a shell tells SIGKILL. */
const EXIT_KILLED = 137;

/**
 * A node, from its first word with the API server until the user stops it. Resolves to the exit code.
 * @throws KrustletError for what no waiting mends: no kubeconfig, credentials that are not accepted, a Node that the API
 * server finds invalid.
 */
export async function runNode({ config, host, log }: RunNodeInit): Promise<number> {
  const stopped = new AbortController();
  using _requests = stopRequests(host, {
    stop: () => {
      log.info("stopping; once more stops at once");
      stopped.abort();
    },
    kill: () => {
      log.warn("stopping at once");
      if (host.endsProcess) process.exit(EXIT_KILLED);
    },
  });
  try {
    await live({ config, host, log }, stopped.signal);
  } catch (error) {
    // Whatever is under way when the node is stopped ends with the signal's reason.
    if (!stopped.signal.aborted) throw error;
    log.debug({ err: error }, "stopped");
  }
  return 0;
}

/** Registered, then Lease and status kept, then pods followed and run: until the signal is aborted. */
async function live({ config, host, log }: RunNodeInit, signal: AbortSignal): Promise<void> {
  const { nodeName } = config;
  const { addresses, from } = await discoverAddresses({
    hostname: config.hostname,
    given: config.nodeIPs,
    signal,
  });
  if (from === "loopback")
    log.warn({ addresses }, "no address was found that others can reach; set --node-ip");
  for (const { reason } of planNodeLabels(config.nodeLabels).refused) log.warn(`--node-labels: ${reason}`);
  await using node = await composeNode({ config, host, log, addresses });
  const { client, kube, images, recorder } = node;
  const compute = createNodeComputer({
    config,
    addresses,
    images,
    port: () => config.port,
    errors: () => [],
  });
  const tellIgnored = (pod: V1Pod): void => {
    const ignored = warningsOf(pod);
    if (ignored.length === 0) return;
    const message = ignored.join("; ");
    log.warn(podFields(podKeyOf(pod)), message);
    recordWarning(recorder, podKeyOf(pod), { reason: "FieldsIgnored", message });
  };
  const tell = (event: NodeEvent | undefined): void => {
    if (event === undefined) return;
    log.info({ reason: event.reason }, event.message);
    recordNodeEvent(recorder, nodeName, event);
  };

  await reachApiServer({
    getNode: (options) => client.getNode(nodeName, options),
    server: kube.server,
    kubeconfig: config.kubeconfig,
    clock: systemClock,
    signal,
    onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the API server cannot be used yet"),
  });
  const registered = await registerNode(client, await compute(), {
    signal,
    onFailure: (err) => log.warn({ err }, `the Node ${nodeName} cannot be registered yet`),
  });
  let object = registered.node;
  let cordoned = object.spec?.unschedulable === true;
  log.info({ addresses, server: kube.server }, `the Node ${nodeName} is registered`);
  for (const event of nodeEventsOf(object, object, { started: true })) tell(event);

  using followedNode = followObjects(
    watchNode(kube, nodeName, {
      onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the watch of the Node is interrupted"),
    }),
  );
  const newestNode = (): typeof object => followedNode.values()[0] ?? object;
  const heartbeats = [
    keepLease(client, {
      nodeName,
      nodeUid: () => newestNode().metadata?.uid,
      signal,
      onFailure: (err) => log.warn({ err }, "the Lease cannot be renewed"),
    }),
    reportNodeStatus(client, {
      nodeName,
      compute,
      observed: newestNode,
      signal,
      onReported: ({ before, after, why }) => {
        object = after;
        log.trace({ why }, "the Node's status is posted");
        for (const event of nodeEventsOf(before, after)) tell(event);
        tell(cordonEventOf(cordoned, after));
        cordoned = after.spec?.unschedulable === true;
      },
      onFailure: (err) => log.warn({ err }, "the Node's status cannot be posted"),
    }),
    collectImages(images, { config, log, signal }),
  ];

  {
    using cluster = node.followCluster(newestNode);
    await Promise.all([cluster.services.synced(signal), cluster.runtimeClasses.synced(signal)]);
    await using kubelet = startKubelet({
      ...cluster.kubelet,
      admit: async (pod, active) => {
        const rejection = await admitPod(pod, active, {
          node: newestNode,
          readNode: () => client.getNode(nodeName, { signal }),
          shuttingDown: () => signal.aborted,
        });
        if (rejection === undefined) tellIgnored(pod);
        return rejection;
      },
      sources: [
        apiPods(
          watchPods(kube, nodeName, {
            onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the watch of pods is interrupted"),
          }),
        ),
      ],
    });
    kubelet.transitions$.subscribe((step) => {
      logStep(log, step);
      recordStep(recorder, step);
    });
    kubelet.failures$.subscribe((failure) => logFailure(log, failure));
    await Promise.all(heartbeats);
  }
  await Promise.race([recorder.flush(), systemClock.sleep(LAST_EVENTS_MS)]);
}

/** How long Events may take that are told as the node ends. */
const LAST_EVENTS_MS = 1000;
