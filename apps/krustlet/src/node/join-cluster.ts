import { systemClock } from "@krustlet/clock";
import type { Kubelet } from "@krustlet/kubelet";
import type { Logger } from "pino";

import type { ComposedNode } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import type { KnownNode, PreparedNode } from "./prepare-node.ts";
import { quietly } from "./quietly.ts";
import { reachApiServer } from "./reach-api-server.ts";
import { registerOwnNode } from "./register-own-node.ts";
import { serveApi } from "./serve-api.ts";
import type { ServingInit } from "./serve-api.ts";
import { keepServingCertificate } from "./serving-certificate.ts";

/** What {@link joinCluster} works with. */
export interface JoinInit {
  readonly config: NodeConfig;
  readonly node: ComposedNode;
  readonly addresses: readonly string[];
  readonly running: Pick<Kubelet, "transitions$">;
  readonly compute: PreparedNode["compute"];
  readonly serving: ServingInit;
  /** Is told the port of the HTTPS API, and the Node. */
  readonly known: KnownNode;
  /** Owns what is opened. */
  readonly opened: AsyncDisposableStack;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * From the first word with the API server until it knows the Node: there is a kubeconfig, it answers, the HTTPS API serves, the
 * Node is registered.
 * @throws KrustletError for what no waiting mends; the signal's reason.
 */
export async function joinCluster(init: JoinInit): Promise<void> {
  const { config, node, addresses, running, compute, serving, known, opened, log, signal } = init;
  const { kube, client } = node;
  await node.opened;
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
  const api = opened.use(
    await serveApi({
      ...serving,
      kube,
      certificate,
      clientCertificateUntil: () => known.clientCertificateUntil,
    }),
  );
  known.port = api.port;
  running.transitions$.subscribe(quietly(log, (step) => api.observe(step)));
  known.registered = opened.use(await registerOwnNode({ config, kube, client, compute, log, signal }));
  const { port } = api;
  log.info({ addresses, server: kube.server, port }, `the Node ${config.nodeName} is registered`);
}
