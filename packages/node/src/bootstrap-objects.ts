import { randomInt } from "node:crypto";
import type { V1ClusterRoleBinding, V1Secret } from "@kubernetes/client-node";

/** A bootstrap token: `<id>.<secret>` to its bearer. */
export interface BootstrapToken {
  /** Six characters of `[a-z0-9]`; no secret. */
  readonly id: string;
  /** Sixteen of them. */
  readonly secret: string;
}

/** The group of those who come with a token of Krustlet's making. */
export const BOOTSTRAP_GROUP = "system:bootstrappers:krustlet";
/** The group to which kubeadm gives the same rights: where it is known, no binding of ours is needed. */
const KUBEADM_GROUP = "system:bootstrappers:kubeadm:default-node-token";

const RBAC = "rbac.authorization.k8s.io";
const REQUESTS = "system:certificates.k8s.io:certificatesigningrequests";

/** A new token, at random. */
export function newBootstrapToken(): BootstrapToken {
  const characters = (length: number): string =>
    Array.from({ length }, () => randomInt(36).toString(36)).join("");
  return { id: characters(6), secret: characters(16) };
}

/** Pure: the Secret by which the API server knows a token, until it expires. */
export function buildBootstrapSecret(token: BootstrapToken, expires: Date): V1Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `bootstrap-token-${token.id}`, namespace: "kube-system" },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      description: "Made by krustlet bootstrap: lets a node ask for its certificate.",
      "token-id": token.id,
      "token-secret": token.secret,
      expiration: `${expires.toISOString().slice(0, 19)}Z`,
      "usage-bootstrap-authentication": "true",
      "auth-extra-groups": `${BOOTSTRAP_GROUP},${KUBEADM_GROUP}`,
    },
  };
}

/**
 * Pure: what lets nodes join by a token: to ask for a certificate, to have the request approved, and to have a node's
 * own certificate renewed.
 */
export function buildBootstrapBindings(): readonly V1ClusterRoleBinding[] {
  return [
    binding("krustlet:bootstrap", "system:node-bootstrapper", BOOTSTRAP_GROUP),
    binding("krustlet:approve-bootstrap", `${REQUESTS}:nodeclient`, BOOTSTRAP_GROUP),
    binding("krustlet:approve-renewal", `${REQUESTS}:selfnodeclient`, "system:nodes"),
  ];
}

function binding(name: string, role: string, group: string): V1ClusterRoleBinding {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: RBAC, kind: "Group", name: group }],
  };
}
