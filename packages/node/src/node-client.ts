import type { V1CertificateSigningRequest, V1Lease, V1Node } from "@kubernetes/client-node";
import type { Cancellable } from "@krustlet/interface";
import type { NodePatch } from "./plan-node-update.ts";

/**
 * The part of the API server that a node needs for itself. Every call rejects when the API server does not say yes:
 * with an error whose numeric `code` is the HTTP status where there was an answer (as the `ApiException` of
 * `@kubernetes/client-node` has it), any other error where there was none. Calls heed their signal.
 */
export interface NodeClient {
  createNode(node: V1Node, options?: Cancellable): Promise<V1Node>;
  getNode(name: string, options?: Cancellable): Promise<V1Node>;
  /** A strategic merge patch of `nodes/<name>/status`; the API server takes labels and annotations with it. */
  patchNodeStatus(name: string, patch: NodePatch, options?: Cancellable): Promise<V1Node>;
  /** Leases are those of the namespace `kube-node-lease`. */
  getLease(name: string, options?: Cancellable): Promise<V1Lease>;
  createLease(lease: V1Lease, options?: Cancellable): Promise<V1Lease>;
  /** Replaces the lease if its `resourceVersion` is still the newest, else rejects with 409. */
  updateLease(lease: V1Lease, options?: Cancellable): Promise<V1Lease>;
  createCertificateSigningRequest(
    request: V1CertificateSigningRequest,
    options?: Cancellable,
  ): Promise<V1CertificateSigningRequest>;
  getCertificateSigningRequest(name: string, options?: Cancellable): Promise<V1CertificateSigningRequest>;
}

/** The HTTP status that a {@link NodeClient} call was answered with; undefined where no answer came. */
export function apiStatusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "number" ? error.code : undefined;
}
