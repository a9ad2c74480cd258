import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateInit, KeyPair } from "./issue-certificate.ts";
import { createAuthority, issueCertificate } from "./issue-certificate.ts";

/** The authorities of a cluster. Each vouches for one thing, so that a node's certificate never opens etcd. */
type AuthorityName = "ca" | "etcd-ca" | "front-proxy-ca";

/** Pure: the files of a cluster that a control plane keeps in `directory`, as kubeadm names them. */
export function clusterFilesOf(directory: string): {
  readonly pki: (name: string) => string;
  readonly kubeconfig: (name: string) => string;
  readonly log: (name: string) => string;
  readonly data: (name: string) => string;
} {
  return {
    pki: (name) => join(directory, "pki", name),
    kubeconfig: (name) => join(directory, "kubeconfig", `${name}.kubeconfig`),
    log: (name) => join(directory, "logs", `${name}.log`),
    data: (name) => join(directory, name),
  };
}

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];
/** The API server's names within a cluster; the address is the first one of the services' range. */
const API_SERVER = [
  ...LOOPBACK,
  "10.96.0.1",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];

const CERTIFICATES: readonly { name: string; authority: AuthorityName; init: CertificateInit }[] = [
  { name: "etcd-server", authority: "etcd-ca", init: { commonName: "etcd", hosts: LOOPBACK } },
  { name: "etcd-client", authority: "etcd-ca", init: { commonName: "kube-apiserver" } },
  { name: "apiserver", authority: "ca", init: { commonName: "kube-apiserver", hosts: API_SERVER } },
  { name: "loopback", authority: "ca", init: { commonName: "localhost", hosts: LOOPBACK } },
  { name: "kubelet-client", authority: "ca", init: { commonName: "kube-apiserver-kubelet-client" } },
  { name: "front-proxy-client", authority: "front-proxy-ca", init: { commonName: "front-proxy-client" } },
];

/** Makes the authorities, the certificates and the service accounts' key of a cluster, in `directory`. */
export async function createClusterFiles(directory: string): Promise<void> {
  const files = clusterFilesOf(directory);
  for (const kind of ["pki", "kubeconfig", "logs"]) {
    await mkdir(join(directory, kind), { recursive: true, mode: 0o700 });
  }
  const write = async (name: string, pair: KeyPair): Promise<void> => {
    await writeFile(files.pki(`${name}.crt`), pair.certificate);
    await writeFile(files.pki(`${name}.key`), pair.key, { mode: 0o600 });
  };
  const authorities = {
    ca: createAuthority("krustlet-test-ca"),
    "etcd-ca": createAuthority("krustlet-test-etcd-ca"),
    "front-proxy-ca": createAuthority("krustlet-test-front-proxy-ca"),
  };
  for (const [name, pair] of Object.entries(authorities)) await write(name, pair);
  for (const { name, authority, init } of CERTIFICATES) {
    await write(name, issueCertificate(authorities[authority], init));
  }
  // Only its key is used: it signs the tokens of service accounts.
  await write("service-account", createAuthority("service-account"));
}

/** Reads a certificate and its key. */
export async function readKeyPair(directory: string, name: string): Promise<KeyPair> {
  const { pki } = clusterFilesOf(directory);
  const [certificate, key] = await Promise.all([
    readFile(pki(`${name}.crt`), "utf8"),
    readFile(pki(`${name}.key`), "utf8"),
  ]);
  return { certificate, key };
}
