import { startCsi } from "@krustlet/csi";
import type { Csi } from "@krustlet/csi";
import type { csiClient } from "@krustlet/kube";
import type { NodeClient } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";

interface NodeCsiInit {
  readonly config: NodeConfig;
  readonly log: Logger;
  readonly cluster: ReturnType<typeof csiClient>;
  readonly client: Pick<NodeClient, "patchNodeStatus">;
  /** The newest Node that is known. */
  readonly node: () => V1Node;
  /** Resolves when the API server knows the Node. */
  readonly joined: Promise<void>;
}

/** CSI drivers of this node, told of in its log. */
export function startCsiOfNode({ config, log, cluster, client, node, joined }: NodeCsiInit): Csi {
  const { root, pluginsDir, nodeName } = config;
  return startCsi({
    rootDirectory: root,
    ...(pluginsDir !== "" && { pluginsDirectory: pluginsDir }),
    cluster: {
      ...cluster,
      labelNode: (labels, options) => client.patchNodeStatus(nodeName, { metadata: { labels } }, options),
    },
    ready: joined,
    node: () => ({ name: nodeName, uid: node().metadata?.uid ?? "" }),
    onRegistered: (driver, socket) => log.info({ driver, socket }, `the CSI driver ${driver} is registered`),
    onUnregistered: (driver, socket) => log.info({ driver, socket }, `the CSI driver ${driver} is gone`),
    onFailure: (path, err) => log.warn({ path, err }, `the CSI plugin at ${path} is not registered`),
  });
}
