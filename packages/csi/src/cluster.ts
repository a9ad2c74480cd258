import type { Cancellable } from "@krustlet/interface";

/** What of a CSIDriver (storage.k8s.io/v1) is read. */
export interface CsiDriverObject {
  readonly spec?: {
    readonly attachRequired?: boolean;
    readonly podInfoOnMount?: boolean;
    readonly volumeLifecycleModes?: readonly string[];
  };
}

/** What of a CSINode (storage.k8s.io/v1) is read and written; what else an object has is kept. */
export interface CsiNodeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: object;
  readonly spec?: { readonly drivers?: readonly CsiNodeDriver[] };
}

/** A driver, as a CSINode tells it. */
export interface CsiNodeDriver {
  readonly name: string;
  readonly nodeID: string;
  readonly topologyKeys?: readonly string[] | null;
  readonly allocatable?: { readonly count?: number };
}

/**
 * What this room needs of the API server; injected. Calls reject with errors whose `code` is the HTTP status, and get
 * `undefined` for what is not there.
 */
export interface CsiCluster {
  getCsiDriver(name: string, options?: Cancellable): Promise<CsiDriverObject | undefined>;
  getCsiNode(name: string, options?: Cancellable): Promise<CsiNodeObject | undefined>;
  createCsiNode(node: CsiNodeObject, options?: Cancellable): Promise<unknown>;
  /** Replaces it if its `resourceVersion` is the newest, else rejects with 409. */
  updateCsiNode(name: string, node: CsiNodeObject, options?: Cancellable): Promise<unknown>;
  /** Gives the Node labels. */
  labelNode(labels: Readonly<Record<string, string>>, options?: Cancellable): Promise<unknown>;
}
