/**
 * CSI drivers on a node: found by their sockets as the kubelet finds them, registered, and asked to publish volumes.
 *
 * @example
 * ```ts
 * import { startCsi } from "@krustlet/csi";
 *
 * using csi = startCsi({
 *   rootDirectory: "/var/lib/krustlet",
 *   cluster: { getCsiDriver, getCsiNode, createCsiNode, updateCsiNode, labelNode },
 *   node: () => ({ name: "edge-1", uid: "0b5f…" }),
 *   onRegistered: (driver) => console.log(driver),
 * });
 * ```
 *
 * @packageDocumentation
 */
export type { CsiCluster, CsiDriverObject, CsiNodeDriver, CsiNodeObject } from "./cluster.ts";
export type { RpcLimits } from "./csi-driver.ts";
export type { CsiNodeOwner } from "./plan-csi-node.ts";
export { startCsi } from "./start-csi.ts";
export type { Csi, StartCsiInit } from "./start-csi.ts";
