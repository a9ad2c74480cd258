import { systemClock } from "@krustlet/clock";
import type { Kube } from "@krustlet/kube";
import { watchNode } from "@krustlet/kube";
import { registerNode } from "@krustlet/node";
import type { NodeClient } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { awaitNode } from "./await-node.ts";
import { followObjects } from "./follow-objects.ts";

/** How {@link registerOwnNode} goes about it. */
export interface RegisterInit {
  readonly config: NodeConfig;
  readonly kube: Kube;
  readonly client: NodeClient;
  /** The Node as it should be. */
  readonly compute: () => Promise<V1Node>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A node's own object, followed from its registration on. Disposing ends the watch. */
export interface RegisteredNode extends Disposable {
  /** The newest version that is known. */
  newest(): V1Node;
}

/**
 * Registers the Node, or waits until somebody else has, and follows it.
 * @throws KrustletError for a Node that the API server finds invalid; the signal's reason.
 */
export async function registerOwnNode(init: RegisterInit): Promise<RegisteredNode> {
  const { config, kube, log } = init;
  const registered = await nodeOf(init);
  const followed = followObjects(
    watchNode(kube, config.nodeName, {
      onFailure: (err, retryInMs) => log.warn({ err, retryInMs }, "the watch of the Node is interrupted"),
    }),
  );
  return {
    newest: () => followed.values()[0] ?? registered,
    [Symbol.dispose]: () => followed[Symbol.dispose](),
  };
}

async function nodeOf({ config, client, compute, log, signal }: RegisterInit): Promise<V1Node> {
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
