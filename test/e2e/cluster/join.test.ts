/** A node that joins with nothing but a bootstrap token, and stays with certificates that end all the time. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "@krustlet/control-plane";
import { startControlPlane } from "@krustlet/control-plane";
import { loadCertificate } from "@krustlet/node";
import type { V1CertificateSigningRequest, V1Lease } from "@kubernetes/client-node";
import { beforeAll, describe, expect, test } from "vitest";
import { krustlet, temporaryDirectory } from "../krustlet.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

/** What `krustlet bootstrap` and `krustlet node --bootstrap-kubeconfig` make of an administrator's kubeconfig. */
async function joinByToken(of: Cluster, directory: string): Promise<TestNode> {
  const bootstrap = join(directory, "bootstrap.conf");
  const made = await krustlet(["bootstrap", "--kubeconfig", of.adminKubeconfig, "--file", bootstrap]);
  expect(made.stdout).toBe(`${bootstrap}\n`);
  return joinNode(of, { bootstrap });
}

async function object<T>(of: Cluster, ...args: string[]): Promise<T> {
  return JSON.parse(await of.kubectlOutput(["get", ...args, "--output=json"])) as T;
}

/** The certificate requests that a node has made. */
async function requestsOf(node: TestNode): Promise<readonly V1CertificateSigningRequest[]> {
  const { items } = await object<{ items: V1CertificateSigningRequest[] }>(node.cluster, "csr");
  return items.filter(({ spec }) => spec.username === `system:node:${node.name}`);
}

/** Whether a TLS server on loopback is who it should be to somebody who trusts the cluster's authority alone. */
function isTrusted({ cluster: { certificateAuthority: ca }, port }: TestNode): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, ca }, () => {
      resolve(true);
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
  });
}

describe("a node with a bootstrap token", () => {
  test("joins, says what waits for approval, serves with it once it is approved, and keeps both over a restart", async () => {
    await using directory = await temporaryDirectory();
    await using node = await joinByToken(cluster, directory.path);
    expect(await node.log()).toContain("the kubeconfig is made");
    expect((await stat(join(node.directory, "kubeconfig"))).mode & 0o777).toBe(0o600);
    const waits =
      /the serving certificate waits for approval: kubectl certificate approve (node-csr-[0-9a-f]+)/;
    await expect.poll(() => node.log(), { timeout: 30_000 }).toMatch(waits);
    expect(await isTrusted(node)).toBe(false);
    const [, request = ""] = waits.exec(await node.log()) ?? [];
    await cluster.kubectlOutput(["certificate", "approve", request]);
    await expect.poll(() => isTrusted(node), { timeout: 30_000 }).toBe(true);
    expect(await node.log()).not.toContain("the client certificate waits");
    await node.create(podOf("signed", [exerciser([say("trusted")])]));
    await node.pods.until("signed", "Succeeded", inPhase("Succeeded"));
    expect(await node.kubectl(["logs", "signed"])).toBe("trusted");

    await node.process.kill();
    await node.process.start();
    expect(await isTrusted(node)).toBe(true);
    expect((await requestsOf(node)).map(({ spec }) => spec.signerName)).toEqual([
      "kubernetes.io/kubelet-serving",
    ]);
  });

  test("stays a node while its certificate ends again and again, and is one again after a long sleep", async () => {
    const args = { "kube-controller-manager": ["--cluster-signing-duration=20s"] };
    await using own = await startControlPlane({ args });
    await using directory = await temporaryDirectory();
    await using node = await joinByToken(own, directory.path);
    const replaced = async (): Promise<number> =>
      (await node.log()).split("the client certificate is replaced").length - 1;
    await expect.poll(replaced, { timeout: 60_000 }).toBe(2);
    const lease = await object<V1Lease>(own, "lease", node.name, "--namespace=kube-node-lease");
    const renewed = Date.parse(String(lease.spec?.renewTime));
    expect(Date.now() - renewed).toBeLessThan(12_000);
    const { status } = await node.object();
    expect(status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");

    await node.process.kill();
    const stored = await loadCertificate(join(node.root, "pki", "kubelet-client-current.pem"));
    await sleep(Math.max(0, (stored?.notAfter.getTime() ?? 0) - Date.now()) + 1000);
    await node.process.start();
    expect(await node.log()).toContain("is replaced: its client certificate has expired");
  }, 150_000);
});
