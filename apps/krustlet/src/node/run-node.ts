import { watchNode } from "@krustlet/kube";
import type { Kubelet } from "@krustlet/kubelet";
import { discoverAddresses, planNodeLabels, registerNode } from "@krustlet/node";
import type { NodeClient } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { CliHost } from "../cli-host.ts";
import { composeNode } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import { stopRequests } from "../stop-requests.ts";
import { systemClock } from "@krustlet/clock";
import { awaitNode } from "./await-node.ts";
import { bootstrapKubeconfig, rotateClientCertificate } from "./client-certificate.ts";
import { collectImages } from "./collect-images.ts";
import { createNodeComputer } from "./compute-node.ts";
import { followObjects } from "./follow-objects.ts";
import { followPods } from "./follow-pods.ts";
import { downPeriodsOf, goDown, GOING_DOWN } from "./go-down.ts";
import { keepHeartbeat } from "./keep-heartbeat.ts";
import { quietly } from "./quietly.ts";
import { reachApiServer } from "./reach-api-server.ts";
import { serveApi } from "./serve-api.ts";
import { keepServingCertificate } from "./serving-certificate.ts";
import { stopDeadline } from "./stop-deadline.ts";
import { watchLoopDelay } from "./watch-loop-delay.ts";

/** What {@link runNode} runs. */
export interface RunNodeInit {
  readonly config: NodeConfig;
  readonly host: CliHost;
  readonly log: Logger;
  /** Throws where lines of the log are lost. */
  readonly checkLog: () => void;
}

/** As a shell tells SIGKILL. */
const EXIT_KILLED = 137;
/** How long Events may take that are told as the node ends. */
const LAST_EVENTS_MS = 1000;
/** How long a node may take to stop, apart from the time that its pods have to end: it may be killed at any moment as well. */
const LONGEST_STOP_MS = 15_000;

/**
 * A node, from its first word with the API server until the user stops it. Resolves to the exit code.
 * @throws KrustletError for what no waiting mends: no kubeconfig, credentials that are not accepted, a Node that the API
 * server finds invalid, a port that is taken.
 */
export async function runNode({ config, host, log, checkLog }: RunNodeInit): Promise<number> {
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
  // A node that ended would take all its pods with it.
  using _rejections = host.onRejection((err) =>
    log.error({ err }, "something has failed that nobody waits for; the node goes on"),
  );
  const pods = downPeriodsOf(config).reduce((sum, each) => sum + each.shutdownGracePeriodSeconds, 0);
  using deadline = stopDeadline(stopped.signal, pods * 1000 + LONGEST_STOP_MS, systemClock);
  try {
    await Promise.race([
      live({ config, host, log, checkLog }, stopped.signal),
      deadline.reached.then(() => log.warn("stopping takes too long: what is left ends with the process")),
    ]);
  } catch (error) {
    // Whatever is under way when the node is stopped ends with the signal's reason.
    if (!stopped.signal.aborted) throw error;
    log.debug({ err: error }, "stopped");
  }
  return 0;
}

/** Registered, then Lease and status kept, then pods followed and run: until the signal is aborted. */
async function live(init: RunNodeInit, signal: AbortSignal): Promise<void> {
  const { config, host, log, checkLog } = init;
  const addresses = await addressesOf(init, signal);
  await bootstrapKubeconfig({ config, log, signal });
  await using node = await composeNode({ config, host, log, addresses });
  const { nodeName } = config;
  const { client, kube, images, recorder, devices } = node;

  await reachApiServer({
    getNode: (options) => client.getNode(nodeName, options),
    server: kube.server,
    kubeconfig: config.kubeconfig,
    clock: systemClock,
    signal,
    onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the API server cannot be used yet"),
  });
  let kubelet: Kubelet | undefined;
  const certificate = await keepServingCertificate({
    config,
    addresses: [config.hostname, ...addresses],
    client,
    log,
    signal,
  });
  await using api = await serveApi({ config, kube, certificate, kubelet: () => kubelet, log, checkLog });
  const isGoingDown = downPeriodsOf(config).length > 0;
  const compute = createNodeComputer({
    config,
    addresses,
    images,
    port: api.port,
    devices: () => devices.resources(),
    errors: () => (signal.aborted && isGoingDown ? [GOING_DOWN] : []),
  });
  const registered = await nodeOf(init, client, compute, signal);
  log.info({ addresses, server: kube.server, port: api.port }, `the Node ${nodeName} is registered`);

  using followedNode = followObjects(
    watchNode(kube, nodeName, {
      onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the watch of the Node is interrupted"),
    }),
  );
  const newestNode = (): V1Node => followedNode.values()[0] ?? registered;
  // The heart beats until the last pod has ended.
  const ended = new AbortController();
  using atEnd = new DisposableStack();
  atEnd.defer(() => ended.abort());
  const heartbeat = keepHeartbeat({
    config,
    client,
    compute,
    newestNode,
    onChange: (tell) => devices.onChange(tell),
    recorder,
    log,
    signal: ended.signal,
  });
  const kept = [
    rotateClientCertificate({ config, log, signal }, kube),
    collectImages(images, { config, log, signal }),
    watchLoopDelay(log, signal),
  ];
  // What ends early is seen below, and by nobody where the node does not come that far.
  for (const each of [heartbeat, ...kept]) each.catch(() => undefined);
  {
    using cluster = node.followCluster(newestNode);
    await Promise.all([cluster.services.synced(signal), cluster.runtimeClasses.synced(signal)]);
    await using running = followPods({ config, node, cluster, newestNode, log, signal });
    kubelet = running;
    running.transitions$.subscribe(quietly(log, (step) => api.observe(step)));
    await Promise.race([heartbeat, Promise.all(kept)]);
    await goDown({ config, kubelet: running, client, recorder, newestNode, compute, log });
  }
  ended.abort();
  await heartbeat;
  await Promise.race([recorder.flush(), systemClock.sleep(LAST_EVENTS_MS)]);
}

/** The Node as the API server has it: registered, or somebody else's work that is waited for. */
async function nodeOf(
  { config, log }: RunNodeInit,
  client: NodeClient,
  compute: () => Promise<V1Node>,
  signal: AbortSignal,
): Promise<V1Node> {
  const { nodeName } = config;
  if (!config.registerNode) {
    const onWaiting = (err: unknown): void =>
      log.info({ err }, `waiting for somebody to create the Node ${nodeName}`);
    return awaitNode(client, nodeName, { clock: systemClock, signal, onWaiting });
  }
  const { node } = await registerNode(client, await compute(), {
    signal,
    onFailure: (err) => log.warn({ err }, `the Node ${nodeName} cannot be registered yet`),
  });
  return node;
}

async function addressesOf({ config, log }: RunNodeInit, signal: AbortSignal): Promise<readonly string[]> {
  const { hostname, nodeIPs } = config;
  const { addresses, from } = await discoverAddresses({ hostname, given: nodeIPs, signal });
  if (from === "loopback") {
    log.warn({ addresses }, "no address was found that others can reach; set --node-ip");
  }
  for (const { reason } of planNodeLabels(config.nodeLabels).refused) log.warn(`--node-labels: ${reason}`);
  return addresses;
}
