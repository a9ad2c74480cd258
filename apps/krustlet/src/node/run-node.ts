import type { Kubelet } from "@krustlet/kubelet";
import { discoverAddresses, planNodeLabels } from "@krustlet/node";
import { collectGarbage } from "@krustlet/runtime-wasi";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { CliHost } from "../cli-host.ts";
import { composeNode } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import { stopRequests } from "../stop-requests.ts";
import { systemClock } from "@krustlet/clock";
import { bootstrapKubeconfig, rotateClientCertificate } from "./client-certificate.ts";
import { collectImages } from "./collect-images.ts";
import { createNodeComputer } from "./compute-node.ts";
import { followPods } from "./follow-pods.ts";
import { downPeriodsOf, goDown, GOING_DOWN } from "./go-down.ts";
import { keepHeartbeat } from "./keep-heartbeat.ts";
import { openEvictor } from "./open-evictor.ts";
import { releaseMemoryWhenQuiet } from "./release-memory.ts";
import { quietly } from "./quietly.ts";
import { reachApiServer } from "./reach-api-server.ts";
import { registerOwnNode } from "./register-own-node.ts";
import type { RegisteredNode } from "./register-own-node.ts";
import { serveApi, serveHealthz } from "./serve-api.ts";
import type { ServingInit } from "./serve-api.ts";
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

/** The node's own pods first; registered, then Lease and status kept, then all pods run: until the signal is aborted. */
async function live(init: RunNodeInit, signal: AbortSignal): Promise<void> {
  const { config, host, log, checkLog } = init;
  const addresses = await addressesOf(init, signal);
  await bootstrapKubeconfig({ config, log, signal });
  await using node = await composeNode({ config, host, log, addresses });
  const { client, kube, images, recorder, devices } = node;
  // What is told, and the heart that beats, until the last pod has ended.
  await using told = new AsyncDisposableStack();
  const ended = new AbortController();
  told.defer(() => ended.abort());
  let kubelet: Kubelet | undefined;
  let registered: RegisteredNode | undefined;
  let port: number | undefined;
  const serving: ServingInit = { config, kubelet: () => kubelet, log, checkLog };
  told.use(await serveHealthz(serving));
  const isGoingDown = downPeriodsOf(config).length > 0;
  const pods = (): readonly V1Pod[] => kubelet?.pods() ?? [];
  const evictor = openEvictor({
    config,
    images,
    recorder,
    releaseMemory: () => node.releaseMemory(),
    pods,
    log,
  });
  await evictor.look();
  const compute = createNodeComputer({
    config,
    addresses,
    images,
    port: () => port,
    devices: () => devices.resources(),
    pressure: () => evictor.pressure(),
    errors: () => (signal.aborted && isGoingDown ? [GOING_DOWN] : []),
  });
  const own = await compute();
  const newestNode = (): V1Node => registered?.newest() ?? own;
  const joined = Promise.withResolvers<void>();
  let heartbeat = Promise.resolve();
  {
    using cluster = node.followCluster(newestNode, joined.promise);
    await using running = followPods({
      config,
      node,
      cluster,
      newestNode,
      pressure: () => evictor.pressure(),
      log,
      signal,
    });
    kubelet = running;
    const evicting = evictor.keep(running, AbortSignal.any([signal, ended.signal]));
    try {
      await reachApiServer({
        getNode: (options) => client.getNode(config.nodeName, options),
        server: kube.server,
        kubeconfig: config.kubeconfig,
        clock: systemClock,
        signal,
        onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the API server cannot be used yet"),
      });
      const names = [config.hostname, ...addresses];
      const certificate = await keepServingCertificate({ config, addresses: names, client, log, signal });
      const api = told.use(await serveApi({ ...serving, kube, certificate }));
      ({ port } = api);
      running.transitions$.subscribe(quietly(log, (step) => api.observe(step)));
      registered = told.use(await registerOwnNode({ config, kube, client, compute, log, signal }));
      log.info({ addresses, server: kube.server, port }, `the Node ${config.nodeName} is registered`);
      heartbeat = keepHeartbeat({
        config,
        client,
        compute,
        newestNode,
        onChange: (tell) => {
          const stops = [devices.onChange(tell), evictor.onChange(tell)];
          return () => stops.forEach((stop) => stop());
        },
        recorder,
        log,
        signal: ended.signal,
      });
      const kept = [
        rotateClientCertificate({ config, log, signal }, kube),
        collectImages(images, { config, pods, log, signal }),
        watchLoopDelay(log, signal),
        releaseMemoryWhenQuiet({
          steps$: running.transitions$,
          clock: systemClock,
          signal,
          release: collectGarbage,
          onError: (err) => log.warn({ err }, "memory cannot be given back"),
        }),
        evicting,
      ];
      // What ends early is seen below.
      for (const each of [heartbeat, ...kept]) each.catch(() => undefined);
      joined.resolve();
      await Promise.race([heartbeat, Promise.all(kept)]);
    } finally {
      if (signal.aborted) {
        await goDown({ config, kubelet: running, client, recorder, node: registered, compute, log });
      }
    }
  }
  ended.abort();
  await heartbeat;
  await Promise.race([recorder.flush(), systemClock.sleep(LAST_EVENTS_MS)]);
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
