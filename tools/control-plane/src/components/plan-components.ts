import { clusterFilesOf } from "../pki/cluster-files.ts";

/** The processes of a control plane, in the order in which they start. */
export type ComponentName = "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler";

/** A port of loopback for each thing that listens. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly "kube-apiserver": number;
  readonly "kube-controller-manager": number;
  readonly "kube-scheduler": number;
}

/** How a component is started, and how it says that it is ready. */
export interface ComponentPlan {
  readonly args: readonly string[];
  /** Answers 200 once it is ready. */
  readonly readyUrl: string;
  /** The authority that its certificate is from, and the client's certificate that it asks for: names in `pki/`. */
  readonly authority: string;
  readonly client?: string;
}

const SERVICE_RANGE = "10.96.0.0/16";
const POD_RANGE = "10.244.0.0/16";

/**
 * Pure: the command lines of a control plane whose files are in `directory`. As kubeadm sets it up, but that all of it
 * listens on loopback alone, nobody else is to be elected, and etcd does not wait for the disk: what a power failure
 * takes from a test cluster nobody misses.
 */
export function planComponents(
  directory: string,
  ports: Ports,
): Readonly<Record<ComponentName, ComponentPlan>> {
  const { pki, kubeconfig, data } = clusterFilesOf(directory);
  const own = (name: string): readonly string[] => [
    "--bind-address=127.0.0.1",
    `--tls-cert-file=${pki(`${name}.crt`)}`,
    `--tls-private-key-file=${pki(`${name}.key`)}`,
  ];
  const etcd = `https://127.0.0.1:${ports.etcd}`;
  const etcdPeer = `https://127.0.0.1:${ports.etcdPeer}`;
  const urlOf = (name: Exclude<ComponentName, "etcd">, path: string): string =>
    `https://127.0.0.1:${ports[name]}${path}`;
  return {
    etcd: {
      args: [
        "--name=default",
        `--data-dir=${data("etcd")}`,
        `--listen-client-urls=${etcd}`,
        `--advertise-client-urls=${etcd}`,
        `--cert-file=${pki("etcd-server.crt")}`,
        `--key-file=${pki("etcd-server.key")}`,
        "--client-cert-auth",
        `--trusted-ca-file=${pki("etcd-ca.crt")}`,
        `--listen-peer-urls=${etcdPeer}`,
        `--initial-advertise-peer-urls=${etcdPeer}`,
        `--initial-cluster=default=${etcdPeer}`,
        `--peer-cert-file=${pki("etcd-server.crt")}`,
        `--peer-key-file=${pki("etcd-server.key")}`,
        "--peer-client-cert-auth",
        `--peer-trusted-ca-file=${pki("etcd-ca.crt")}`,
        "--unsafe-no-fsync",
        "--log-level=warn",
      ],
      readyUrl: `${etcd}/readyz`,
      authority: "etcd-ca",
      client: "etcd-client",
    },
    "kube-apiserver": {
      args: [
        ...own("apiserver"),
        `--secure-port=${ports["kube-apiserver"]}`,
        "--advertise-address=127.0.0.1",
        // A Service may not have an endpoint on loopback.
        "--endpoint-reconciler-type=none",
        `--etcd-servers=${etcd}`,
        `--etcd-cafile=${pki("etcd-ca.crt")}`,
        `--etcd-certfile=${pki("etcd-client.crt")}`,
        `--etcd-keyfile=${pki("etcd-client.key")}`,
        `--service-cluster-ip-range=${SERVICE_RANGE}`,
        "--allow-privileged=true",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--enable-bootstrap-token-auth=true",
        `--client-ca-file=${pki("ca.crt")}`,
        `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
        `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
        `--kubelet-client-certificate=${pki("kubelet-client.crt")}`,
        `--kubelet-client-key=${pki("kubelet-client.key")}`,
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        `--service-account-key-file=${pki("service-account.crt")}`,
        `--service-account-signing-key-file=${pki("service-account.key")}`,
        // Those who watch are sent away when it stops, instead of being waited for.
        "--shutdown-watch-termination-grace-period=1s",
      ],
      readyUrl: urlOf("kube-apiserver", "/readyz"),
      authority: "ca",
    },
    "kube-controller-manager": {
      args: [
        ...own("loopback"),
        `--secure-port=${ports["kube-controller-manager"]}`,
        `--kubeconfig=${kubeconfig("controller-manager")}`,
        `--authentication-kubeconfig=${kubeconfig("controller-manager")}`,
        `--authorization-kubeconfig=${kubeconfig("controller-manager")}`,
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        `--service-account-private-key-file=${pki("service-account.key")}`,
        `--root-ca-file=${pki("ca.crt")}`,
        `--client-ca-file=${pki("ca.crt")}`,
        `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
        `--cluster-signing-cert-file=${pki("ca.crt")}`,
        `--cluster-signing-key-file=${pki("ca.key")}`,
        "--allocate-node-cidrs=true",
        `--cluster-cidr=${POD_RANGE}`,
        `--service-cluster-ip-range=${SERVICE_RANGE}`,
        "--kube-api-qps=200",
        "--kube-api-burst=400",
      ],
      readyUrl: urlOf("kube-controller-manager", "/healthz"),
      authority: "ca",
    },
    "kube-scheduler": {
      args: [
        ...own("loopback"),
        `--secure-port=${ports["kube-scheduler"]}`,
        `--config=${data("scheduler.json")}`,
        `--authentication-kubeconfig=${kubeconfig("scheduler")}`,
        `--authorization-kubeconfig=${kubeconfig("scheduler")}`,
        `--client-ca-file=${pki("ca.crt")}`,
        `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
      ],
      readyUrl: urlOf("kube-scheduler", "/readyz"),
      authority: "ca",
    },
  };
}

/** Pure: the scheduler's configuration: as it comes, but that it may bind more than 50 pods a second. */
export function buildSchedulerConfiguration(directory: string): string {
  return JSON.stringify({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    leaderElection: { leaderElect: false },
    clientConnection: {
      kubeconfig: clusterFilesOf(directory).kubeconfig("scheduler"),
      qps: 1000,
      burst: 1000,
    },
  });
}
