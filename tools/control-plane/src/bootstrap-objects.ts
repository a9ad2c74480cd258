/** Pure: what lets nodes join by themselves, and the API server use their API, as kubeadm sets it up. */
export function buildBootstrapObjects(): object {
  return {
    apiVersion: "v1",
    kind: "List",
    items: [
      // Whoever has a bootstrap token may ask for a node's certificate, and gets it.
      binding("krustlet:node-bootstrapper", "system:node-bootstrapper", group("system:bootstrappers")),
      binding("krustlet:node-approve-bootstrap", `${CSR}:nodeclient`, group("system:bootstrappers")),
      // A node may replace its own certificate.
      binding("krustlet:node-approve-renewal", `${CSR}:selfnodeclient`, group("system:nodes")),
      binding("krustlet:kubelet-client", "system:kubelet-api-admin", user("kube-apiserver-kubelet-client")),
    ],
  };
}

const CSR = "system:certificates.k8s.io:certificatesigningrequests";
const RBAC = "rbac.authorization.k8s.io";

function binding(name: string, role: string, subject: object): object {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: [subject],
  };
}

const group = (name: string): object => ({ apiGroup: RBAC, kind: "Group", name });
const user = (name: string): object => ({ apiGroup: RBAC, kind: "User", name });

/** A bootstrap token: `<id>.<secret>` to its bearer. */
export interface BootstrapToken {
  /** Six characters of `[a-z0-9]`. */
  readonly id: string;
  /** Sixteen of them. */
  readonly secret: string;
}

/** Pure: the Secret by which the API server knows a bootstrap token. */
export function buildBootstrapSecret(token: BootstrapToken, expires: Date): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `bootstrap-token-${token.id}`, namespace: "kube-system" },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      "token-id": token.id,
      "token-secret": token.secret,
      expiration: expires.toISOString(),
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": "system:bootstrappers:krustlet",
    },
  };
}
