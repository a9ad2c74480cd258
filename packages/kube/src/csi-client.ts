import type { Cancellable } from "@krustlet/interface";
import type { V1CSIDriver, V1CSINode } from "@kubernetes/client-node";
import { isApiError } from "./api-error.ts";
import type { Kube, KubeCall } from "./kube.ts";
import { pathOf } from "./kube.ts";

/** What a node does with the objects of CSI: structurally the `CsiCluster` of `@krustlet/csi`. */
export interface CsiClient {
  /** Undefined where there is none; so {@link CsiClient.getCsiNode}. */
  getCsiDriver(name: string, options?: Cancellable): Promise<V1CSIDriver | undefined>;
  getCsiNode(name: string, options?: Cancellable): Promise<V1CSINode | undefined>;
  createCsiNode(node: object, options?: Cancellable): Promise<V1CSINode>;
  /** Replaces it if its `resourceVersion` is the newest, else rejects with 409. */
  updateCsiNode(name: string, node: object, options?: Cancellable): Promise<V1CSINode>;
}

const STORAGE = ["apis", "storage.k8s.io", "v1"];

/** The calls of CSIDrivers and of the node's own CSINode; they reject as `Kube.request` does. */
export function csiClient(kube: Kube): CsiClient {
  const find = async <T>(call: KubeCall, options?: Cancellable): Promise<T | undefined> => {
    try {
      return await kube.request<T>(call, options);
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw error;
    }
  };
  return {
    getCsiDriver: (name, options) => find({ path: pathOf(...STORAGE, "csidrivers", name) }, options),
    getCsiNode: (name, options) => find({ path: pathOf(...STORAGE, "csinodes", name) }, options),
    createCsiNode: (body, options) =>
      kube.request({ method: "POST", path: pathOf(...STORAGE, "csinodes"), body }, options),
    updateCsiNode: (name, body, options) =>
      kube.request({ method: "PUT", path: pathOf(...STORAGE, "csinodes", name), body }, options),
  };
}
