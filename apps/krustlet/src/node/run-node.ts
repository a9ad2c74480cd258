import { systemClock } from "@krustlet/clock";
import type { Pressure } from "@krustlet/eviction";
import { discoverAddresses, planNodeLabels } from "@krustlet/node";
import type { Logger } from "pino";

import type { CliHost } from "../cli-host.ts";
import { composeNode } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import { stopRequests } from "../stop-requests.ts";
import { followPods } from "./follow-pods.ts";
import { downPeriodsOf, goDown } from "./go-down.ts";
import { joinCluster } from "./join-cluster.ts";
import { keepNode } from "./keep-node.ts";
import { prepareNode } from "./prepare-node.ts";
import type { KnownNode } from "./prepare-node.ts";
import { serveHealthz } from "./serve-api.ts";
import type { ServingInit } from "./serve-api.ts";
import { stopDeadline } from "./stop-deadline.ts";

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
  await using node = await composeNode({ config, host, log, addresses, signal });
  // What is told, and the heart that beats, until the last pod has ended.
  await using told = new AsyncDisposableStack();
  const ended = new AbortController();
  told.defer(() => ended.abort());
  const known: KnownNode = {
    kubelet: undefined,
    port: undefined,
    registered: undefined,
    clientCertificateUntil: undefined,
  };
  const serving: ServingInit = { config, kubelet: () => known.kubelet, log, checkLog };
  told.use(await serveHealthz(serving));
  const prepared = await prepareNode({ config, node, addresses, known, log, signal });
  const { compute, evictor, newest: newestNode } = prepared;
  const joined = Promise.withResolvers<void>();
  let heartbeat = Promise.resolve();
  {
    using cluster = node.followCluster(newestNode, joined.promise);
    const pressure = (): Pressure => evictor.pressure();
    await using running = followPods({ config, node, cluster, newestNode, pressure, log, signal });
    known.kubelet = running;
    const evicting = evictor.keep(running, AbortSignal.any([signal, ended.signal]));
    // What ends early is seen below.
    evicting.catch(() => undefined);
    try {
      await joinCluster({
        config,
        node,
        addresses,
        running,
        compute,
        serving,
        known,
        opened: told,
        log,
        signal,
      });
      const kept = keepNode({ config, node, prepared, known, running, log, signal, ended: ended.signal });
      ({ heartbeat } = kept);
      joined.resolve();
      await Promise.race([heartbeat, Promise.all([kept.chores, evicting])]);
    } finally {
      if (signal.aborted) {
        const { registered } = known;
        const { client, recorder } = node;
        await goDown({ config, kubelet: running, client, recorder, node: registered, compute, log });
      }
    }
  }
  ended.abort();
  await heartbeat;
  await Promise.race([node.recorder.flush(), systemClock.sleep(LAST_EVENTS_MS)]);
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
