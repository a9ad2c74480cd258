import type { Cancellable, Clock } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

import type { UserInfo } from "./auth/user-info.ts";
import type { HealthChecks } from "./health/health-checks.ts";
import type { KubeletMetrics } from "./metrics/kubelet-metrics.ts";
import type { ContainerUsageSample } from "./stats/usage-snapshot.ts";

/** What the server shows itself with, and whose clients it knows; all PEM. */
export interface ServingTls {
  readonly key: string;
  /** The certificate, and behind it those of its issuers. */
  readonly cert: string;
  /** The authorities that sign client certificates, one behind the other. Absent: no client certificate counts. */
  readonly clientCa?: string;
}

/** The log of one run of a container. */
export interface ContainerLog {
  /** Absolute path of the current file; those that were rotated away are `<path>.1` (the newest of them) and up. */
  readonly path: string;
  /** Aborted once the run has ended and everything it wrote is in the file; of a run that is over, from the start. */
  readonly ended: AbortSignal;
}

/** The node's pods as the API shows them. All calls are cheap and change nothing. */
export interface PodReader {
  /** Every pod that is assigned to the node, with the newest status. */
  list(): readonly V1Pod[];
  /** Those of which a container runs. */
  running(): readonly V1Pod[];
  find(namespace: string, name: string): V1Pod | undefined;
  /**
   * The log of one run of a container of `pod`.
   * @param containerID As it is in the pod's status: `<runtime>://<id>`.
   * @returns undefined where nothing is left of that run.
   */
  logOf(pod: V1Pod, container: string, containerID: string): ContainerLog | undefined;
}

/** Who may come in. Client certificates count wherever {@link ServingTls.clientCa} is given. */
export interface AuthenticationInit {
  /** Whether who shows nothing comes in, as `system:anonymous`. Default: no. */
  readonly anonymous?: boolean;
  /**
   * Asks the API server whose token this is (TokenReview); undefined: nobody's. Rejects where it cannot be asked.
   * Absent: tokens are not taken.
   */
  readonly reviewToken?: (token: string, options: Cancellable) => Promise<UserInfo | undefined>;
  /** How long an answer counts. Default: 2 minutes. */
  readonly cacheTtlMs?: number;
}

/** What somebody wants to do, in the terms of a SubjectAccessReview. */
export interface AccessAttributes {
  readonly user: UserInfo;
  /** `get`, `create`, `update`, `patch` or `delete`. */
  readonly verb: string;
  readonly resource: "nodes";
  readonly subresource: string;
  /** The node's name. */
  readonly name: string;
}

/** Who may do what. */
export type AuthorizationInit =
  | { readonly mode: "AlwaysAllow" }
  | {
      readonly mode: "Webhook";
      /** Asks the API server (SubjectAccessReview). Rejects where it cannot be asked. */
      readonly reviewAccess: (attributes: AccessAttributes, options: Cancellable) => Promise<boolean>;
      /** How long a yes counts. Default: 5 minutes. */
      readonly allowedTtlMs?: number;
      /** How long a no counts. Default: 30 seconds. */
      readonly deniedTtlMs?: number;
    };

/** What the server bears. The defaults are generous for an API server and its users, and small for anybody else. */
export interface ServerLimits {
  /** Bytes of a request's line and headers. Default: 16 KiB. */
  readonly headerBytes?: number;
  /** Time for a TLS handshake, and again for the headers of a request. Default: 10 seconds. */
  readonly headersMs?: number;
  /** Connections. Default: 2000. */
  readonly connections?: number;
  /** Connections that have not shown yet who they are; one more closes the oldest. Default: 256. */
  readonly strangers?: number;
}

/** How {@link startKubeletApi} is put together. Everything is injected; the server owns none of it. */
export interface KubeletApiInit {
  /** The address to listen at: `0.0.0.0`, `::`, or one of the node's. */
  readonly address: string;
  /** The port; 10250 by custom, 0 for any. */
  readonly port: number;
  readonly nodeName: string;
  /**
   * Asked at every new connection: cheap, and the same object until something has changed. What it gives then counts
   * for new connections; those that are open go on, except that client certificates are checked anew.
   */
  readonly tls: () => ServingTls;
  readonly clock: Clock;
  readonly pods: PodReader;
  readonly authentication: AuthenticationInit;
  readonly authorization: AuthorizationInit;
  readonly healthChecks: HealthChecks;
  /** The KubeletConfiguration in effect, `kind` and `apiVersion` included. Shown to whoever may see it. */
  readonly configz: () => object;
  /** What `/metrics` shows, by `createKubeletMetrics`. Absent: it is not there. */
  readonly metrics?: KubeletMetrics;
  /** What each running container uses now. Absent: `/stats/summary`, `/metrics/resource` and `/metrics/cadvisor` are not there. */
  readonly usage?: () => Promise<readonly ContainerUsageSample[]>;
  readonly limits?: ServerLimits;
  /** Told what a node's log should have: one sentence each. */
  readonly onWarning?: (message: string) => void;
}
