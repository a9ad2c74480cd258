import { KrustletError } from "@krustlet/interface";

import { textIn, valueIn } from "./rpc/read-answer.ts";

/** What a driver says of the node that it runs on. */
export interface NodeInfo {
  /** How the driver calls the node. */
  readonly nodeId: string;
  /** How many volumes it can publish here; absent: no limit. */
  readonly maxVolumes?: number;
  /** Labels of the node that tell where its volumes can be had. */
  readonly topology: Readonly<Record<string, string>>;
}

const MAX_NODE_ID_BYTES = 256;
const MAX_COUNT = 2 ** 31 - 1;

/**
 * Pure: what `NodeGetInfo` answered.
 * @throws KrustletError `InvalidField` for a node that has no usable id.
 */
export function parseNodeInfo(answer: unknown, where: string): NodeInfo {
  const nodeId = textIn(answer, "node_id");
  if (nodeId === "" || Buffer.byteLength(nodeId) > MAX_NODE_ID_BYTES) {
    throw new KrustletError("InvalidField", `${where} gives this node an id of no or more than 256 bytes`);
  }
  const count = Number(textIn(answer, "max_volumes_per_node"));
  const segments = valueIn(valueIn(answer, "accessible_topology"), "segments");
  const topology = Object.entries(typeof segments === "object" && segments !== null ? segments : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return {
    nodeId,
    ...(Number.isSafeInteger(count) && count > 0 && { maxVolumes: Math.min(count, MAX_COUNT) }),
    topology: Object.fromEntries(topology),
  };
}
