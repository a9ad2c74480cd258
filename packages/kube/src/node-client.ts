import type { V1CertificateSigningRequest, V1Lease, V1Node } from "@kubernetes/client-node";
import type { CallOptions, Kube, KubeCall } from "./kube.ts";
import { pathOf } from "./kube.ts";
import { certificateSigningRequestFromJson, leaseFromJson, nodeFromJson } from "./object-dates.ts";

/** The part of the API server that a node needs for itself: structurally the `NodeClient` of `@krustlet/node`. */
export interface KubeNodeClient {
  createNode(node: V1Node, options?: CallOptions): Promise<V1Node>;
  getNode(name: string, options?: CallOptions): Promise<V1Node>;
  /** A strategic merge patch of `nodes/<name>/status`; the API server takes labels and annotations with it. */
  patchNodeStatus(name: string, patch: object, options?: CallOptions): Promise<V1Node>;
  /** Leases are those of the namespace `kube-node-lease`. */
  getLease(name: string, options?: CallOptions): Promise<V1Lease>;
  createLease(lease: V1Lease, options?: CallOptions): Promise<V1Lease>;
  /** Replaces the lease if its `resourceVersion` is still the newest, else rejects with 409. */
  updateLease(lease: V1Lease, options?: CallOptions): Promise<V1Lease>;
  createCertificateSigningRequest(
    request: V1CertificateSigningRequest,
    options?: CallOptions,
  ): Promise<V1CertificateSigningRequest>;
  getCertificateSigningRequest(name: string, options?: CallOptions): Promise<V1CertificateSigningRequest>;
}

const NODES = "/api/v1/nodes";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
const REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/**
 * The calls of a node's own objects. They go before all others: a heartbeat must not be late because a hundred pods
 * start. They reject as `Kube.request` does; objects come with `Date`s.
 */
export function nodeClient(kube: Kube): KubeNodeClient {
  const ask = <T>(call: KubeCall, options: CallOptions = {}): Promise<T> =>
    kube.request<T>(call, { priority: "urgent", ...options });
  return {
    createNode: async (node, options) =>
      nodeFromJson(await ask({ method: "POST", path: NODES, body: node }, options)),
    getNode: async (name, options) => nodeFromJson(await ask({ path: NODES + pathOf(name) }, options)),
    patchNodeStatus: async (name, patch, options) => {
      const path = NODES + pathOf(name, "status");
      return nodeFromJson(await ask({ method: "PATCH", path, body: patch }, options));
    },
    getLease: async (name, options) => leaseFromJson(await ask({ path: LEASES + pathOf(name) }, options)),
    createLease: async (lease, options) =>
      leaseFromJson(await ask({ method: "POST", path: LEASES, body: lease }, options)),
    updateLease: async (lease, options) => {
      const path = LEASES + pathOf(lease.metadata?.name ?? "");
      return leaseFromJson(await ask({ method: "PUT", path, body: lease }, options));
    },
    createCertificateSigningRequest: async (request, options) =>
      certificateSigningRequestFromJson(
        await ask({ method: "POST", path: REQUESTS, body: request }, options),
      ),
    getCertificateSigningRequest: async (name, options) =>
      certificateSigningRequestFromJson(await ask({ path: REQUESTS + pathOf(name) }, options)),
  };
}
