import { setting } from "../setting.ts";
import { BOOLEAN, integer, PATH } from "../setting-kinds.ts";

const group = "Cluster";

/** Where kubeadm puts it, and Krustlet looked for it. */
export const DEFAULT_BOOTSTRAP_FILE = "/etc/kubernetes/bootstrap-kubelet.conf";

/** How the API server is reached, and how often. */
export const CLUSTER_SETTINGS = {
  kubeconfig: setting({
    group,
    help: "how the API server is reached; made by bootstrapping where it is not there yet",
    kind: PATH,
    flags: ["kubeconfig"],
    env: ["KUBECONFIG"],
    fallback: ({ root }) => `${root}/config/kubeconfig`,
    told: "`<root>/config/kubeconfig`",
  }),
  bootstrapKubeconfig: setting({
    group,
    help: "a kubeconfig with a bootstrap token, for the first certificate",
    kind: PATH,
    flags: ["bootstrap-kubeconfig", "bootstrap-file"],
    env: ["KRUSTLET_BOOTSTRAP_FILE"],
    key: "bootstrapFile",
    fallback: DEFAULT_BOOTSTRAP_FILE,
    told: "`/etc/kubernetes/bootstrap-kubelet.conf`, else `<root>/config/bootstrap.conf`",
  }),
  certDir: setting({
    group,
    help: "where the node's certificates and keys are",
    kind: PATH,
    flags: ["cert-dir"],
    fallback: ({ root }) => `${root}/pki`,
    told: "`<root>/pki`",
  }),
  rotateCertificates: setting({
    group,
    help: "replace the client certificate before it expires",
    kind: BOOLEAN,
    flags: ["rotate-certificates"],
    field: "rotateCertificates",
    fallback: true,
  }),
  kubeAPIQPS: setting({
    group,
    help: "most calls of the API server in a second; 0 is no limit",
    kind: integer(0, 1_000_000),
    flags: ["kube-api-qps"],
    field: "kubeAPIQPS",
    fallback: 0,
  }),
  kubeAPIBurst: setting({
    group,
    help: "how many calls may come at once where kube-api-qps limits them",
    kind: integer(0, 1_000_000),
    flags: ["kube-api-burst"],
    field: "kubeAPIBurst",
    zeroIsUnset: true,
    fallback: 100,
  }),
  eventRecordQPS: setting({
    group,
    help: "most Events in a second; 0 is no limit",
    kind: integer(0, 1_000_000),
    flags: ["event-qps"],
    field: "eventRecordQPS",
    fallback: 50,
  }),
  eventBurst: setting({
    group,
    help: "how many Events may come at once",
    kind: integer(0, 1_000_000),
    flags: ["event-burst"],
    field: "eventBurst",
    zeroIsUnset: true,
    fallback: 100,
  }),
} as const;
