/** A node that joins with nothing but a bootstrap token, and stays with certificates that end all the time. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { connect } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "@krustlet/control-plane";
import { startControlPlane } from "@krustlet/control-plane";
import { loadCertificate } from "@krustlet/node";
import type { V1Lease, V1Node } from "@kubernetes/client-node";
import { beforeAll, describe, expect, test } from "vitest";
import { krustlet, temporaryDirectory } from "../krustlet.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { ClusterNode } from "./start-node.ts";
import { startNode } from "./start-node.ts";
import { until } from "./until.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

/** What `krustlet bootstrap` and `krustlet node --bootstrap-kubeconfig` make of an administrator's kubeconfig. */
async function joinByToken(of: Cluster, directory: string): Promise<ClusterNode> {
  const file = join(directory, "bootstrap.conf");
  const made = await krustlet(["bootstrap", "--kubeconfig", of.adminKubeconfig, "--file", file]);
  expect(made.stdout).toBe(`${file}\n`);
  return startNode(of, {
    name: `n-${randomBytes(4).toString("hex")}`,
    kubeconfig: join(directory, "kubeconfig"),
    args: ["--bootstrap-kubeconfig", file, "--cert-dir", join(directory, "pki")],
  });
}

async function object<T>(of: Cluster, ...args: string[]): Promise<T> {
  return JSON.parse(await of.kubectlOutput(["get", ...args, "--output=json"])) as T;
}

async function portOf(node: ClusterNode): Promise<number> {
  const { status } = await object<V1Node>(cluster, "node", node.name);
  return status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
}

/** Whether a TLS server on loopback is who it should be to somebody who trusts the cluster's authority alone. */
function isTrusted(of: Cluster, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, ca: of.certificateAuthority };
    const socket = connect(options, () => {
      resolve(true);
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
  });
}

describe("a node with a bootstrap token", () => {
  test("joins, says what waits for approval, and serves with it once it is approved", async () => {
    await using directory = await temporaryDirectory();
    await using node = await joinByToken(cluster, directory.path);
    const waits =
      /the serving certificate waits for approval: kubectl certificate approve (node-csr-[0-9a-f]+)/;
    await until(
      () => waits.test(node.command.printed()),
      () => node.command.printed(),
    );
    const port = await portOf(node);
    expect(await isTrusted(cluster, port)).toBe(false);
    const [, request = ""] = waits.exec(node.command.printed()) ?? [];
    await cluster.kubectlOutput(["certificate", "approve", request]);
    await until(
      () => isTrusted(cluster, port),
      () => node.command.printed(),
    );
    expect(node.command.printed()).not.toContain("the client certificate waits");
    await node.restart("SIGKILL");
    expect(await isTrusted(cluster, await portOf(node))).toBe(true);
    const { items } = await object<{ items: { spec: { username: string } }[] }>(cluster, "csr");
    expect(items.filter(({ spec }) => spec.username === `system:node:${node.name}`)).toHaveLength(1);
  });

  test("stays a node while its certificate ends again and again, and is one again after a long sleep", async () => {
    const args = { "kube-controller-manager": ["--cluster-signing-duration=20s"] };
    await using own = await startControlPlane({ args });
    await using directory = await temporaryDirectory();
    await using node = await joinByToken(own, directory.path);
    const replaced = (): number =>
      node.command.printed().split("the client certificate is replaced").length - 1;
    await until(
      () => replaced() === 1,
      () => node.command.printed(),
    );
    await until(
      () => replaced() === 2,
      () => node.command.printed(),
    );
    const lease = await object<V1Lease>(own, "lease", node.name, "--namespace=kube-node-lease");
    const renewed = Date.parse(String(lease.spec?.renewTime));
    expect(Date.now() - renewed).toBeLessThan(12_000);
    const { status } = await object<V1Node>(own, "node", node.name);
    expect(status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");

    node.command.child.kill("SIGKILL");
    const stored = await loadCertificate(join(directory.path, "pki", "kubelet-client-current.pem"));
    await sleep(Math.max(0, (stored?.notAfter.getTime() ?? 0) - Date.now()) + 1000);
    await node.restart("SIGKILL");
    expect(node.command.printed()).toContain("is replaced: its client certificate has expired");
  }, 150_000);
});
