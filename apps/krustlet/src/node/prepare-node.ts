import type { Kubelet } from "@krustlet/kubelet";
import type { V1Node } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { ComposedNode } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import { createNodeComputer } from "./compute-node.ts";
import type { Evictor } from "./create-evictor.ts";
import { downPeriodsOf, GOING_DOWN } from "./go-down.ts";
import { openEvictor } from "./open-evictor.ts";
import type { RegisteredNode } from "./register-own-node.ts";

/** What becomes known of a node while it comes up. */
export interface KnownNode {
  kubelet: Kubelet | undefined;
  /** Where its HTTPS API listens. */
  port: number | undefined;
  registered: RegisteredNode | undefined;
  /** Until when its client certificate is good; undefined where that is not the node's to replace. */
  clientCertificateUntil: Date | undefined;
}

/** What {@link prepareNode} works with. */
export interface PrepareInit {
  readonly config: NodeConfig;
  readonly node: ComposedNode;
  readonly addresses: readonly string[];
  readonly known: Readonly<KnownNode>;
  readonly log: Logger;
  /** Aborted: the node goes down. */
  readonly signal: AbortSignal;
}

/** A node that knows its machine, and no cluster yet. */
export interface PreparedNode {
  readonly evictor: Evictor;
  /** The Node as it should be now. */
  readonly compute: (existing?: V1Node) => Promise<V1Node>;
  /** The newest Node that is known: the API server's or, until it has one, as it should be. */
  readonly newest: () => V1Node;
}

/** Looks what there is of the machine, which takes no API server. */
export async function prepareNode(init: PrepareInit): Promise<PreparedNode> {
  const { config, node, addresses, known, log, signal } = init;
  const { images, recorder, devices } = node;
  const evictor = openEvictor({
    config,
    images,
    recorder,
    releaseMemory: () => node.releaseMemory(),
    pods: () => known.kubelet?.pods() ?? [],
    log,
  });
  await evictor.look();
  const isGoingDown = downPeriodsOf(config).length > 0;
  const compute = createNodeComputer({
    config,
    addresses,
    images,
    port: () => known.port,
    devices: () => devices.resources(),
    pressure: () => evictor.pressure(),
    errors: () => (signal.aborted && isGoingDown ? [GOING_DOWN] : []),
  });
  const own = await compute();
  return { evictor, compute, newest: () => known.registered?.newest() ?? own };
}
