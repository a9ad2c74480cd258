import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildBootstrapSecret } from "./bootstrap-objects.ts";
import { buildKubeconfig } from "./pki/build-kubeconfig.ts";
import { clusterFilesOf, readKeyPair } from "./pki/cluster-files.ts";
import type { CertificateInit } from "./pki/issue-certificate.ts";
import { issueCertificate } from "./pki/issue-certificate.ts";
import type { KubectlOptions, KubectlResult } from "./run-kubectl.ts";
import { runKubectl } from "./run-kubectl.ts";

/** What names a cluster to another process, as plain data. */
export interface ClusterAddress {
  /** `https://127.0.0.1:<port>`. */
  readonly server: string;
  /** Where its keys and kubeconfigs are. */
  readonly directory: string;
  /** The program `kubectl`, of the server's version. */
  readonly kubectl: string;
}

/** Options of what makes a kubeconfig. */
export interface KubeconfigOptions {
  /** Default: the API server; else a proxy before it. */
  readonly server?: string;
}

/** Options of {@link Cluster.kubeconfigFor}. */
export interface UserOptions extends KubeconfigOptions, Pick<CertificateInit, "notBefore" | "notAfter"> {}

/** A cluster, from a client's side. It owns nothing but files in the control plane's directory, which go with it. */
export interface Cluster {
  readonly address: ClusterAddress;
  readonly server: string;
  /** The API server's authority, PEM. */
  readonly certificateAuthority: string;
  /** The path of the administrator's kubeconfig. */
  readonly adminKubeconfig: string;
  /** Makes a kubeconfig with a client certificate for a user, of a group where one is given; its path. */
  kubeconfigFor(user: string, group?: string, options?: UserOptions): Promise<string>;
  /** Makes a kubeconfig for a node: user `system:node:<name>`, group `system:nodes`; its path. */
  nodeKubeconfig(nodeName: string, options?: UserOptions): Promise<string>;
  /** Makes a bootstrap token, good for an hour, and a kubeconfig with it; its path. */
  bootstrapKubeconfig(options?: KubeconfigOptions): Promise<string>;
  /** Runs kubectl and resolves with how it ended, whatever its exit code. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** Runs kubectl and resolves with what it printed. @throws Error with what it said, where its exit code is not 0. */
  kubectlOutput(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** Creates or updates objects. @throws Error with what kubectl said. */
  apply(...objects: readonly object[]): Promise<void>;
}

const TOKEN_LIFE_MS = 3_600_000;

/** Opens a cluster by its address, in any process of this machine that may read its files. */
export async function openCluster(address: ClusterAddress): Promise<Cluster> {
  const { server, directory } = address;
  const files = clusterFilesOf(directory);
  const certificateAuthority = await readFile(files.pki("ca.crt"), "utf8");
  const adminKubeconfig = files.kubeconfig("admin");

  const write = async (
    user: Parameters<typeof buildKubeconfig>[0]["user"],
    options: KubeconfigOptions,
  ): Promise<string> => {
    const own = await mkdtemp(join(directory, "kubeconfig", "user-"));
    const path = join(own, "kubeconfig");
    const config = buildKubeconfig({ server: options.server ?? server, certificateAuthority, user });
    await writeFile(path, config, { mode: 0o600 });
    return path;
  };
  const kubeconfigFor: Cluster["kubeconfigFor"] = async (commonName, organization, options = {}) => {
    const authority = await readKeyPair(directory, "ca");
    const { notBefore, notAfter } = options;
    return write(issueCertificate(authority, { commonName, organization, notBefore, notAfter }), options);
  };
  const kubectl: Cluster["kubectl"] = (args, options = {}) =>
    runKubectl(address.kubectl, directory, args, { kubeconfig: adminKubeconfig, ...options });
  const kubectlOutput: Cluster["kubectlOutput"] = async (args, options = {}) => {
    const { code, stdout, stderr } = await kubectl(args, options);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr.trimEnd()}`);
    return stdout;
  };
  const apply: Cluster["apply"] = async (...items) => {
    const stdin = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await kubectlOutput(["apply", "--server-side", "--force-conflicts", "-f", "-"], { stdin });
  };

  return {
    address,
    server,
    certificateAuthority,
    adminKubeconfig,
    kubeconfigFor,
    nodeKubeconfig: (nodeName, options) => kubeconfigFor(`system:node:${nodeName}`, "system:nodes", options),
    bootstrapKubeconfig: async (options = {}) => {
      const token = { id: randomBytes(3).toString("hex"), secret: randomBytes(8).toString("hex") };
      await apply(buildBootstrapSecret(token, new Date(Date.now() + TOKEN_LIFE_MS)));
      return write({ token: `${token.id}.${token.secret}` }, options);
    },
    kubectl,
    kubectlOutput,
    apply,
  };
}
