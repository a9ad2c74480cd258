/** A node that joins with nothing but a bootstrap token. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import type { Cluster } from "@krustlet/control-plane";
import type { V1CertificateSigningRequest } from "@kubernetes/client-node";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryDirectory } from "../krustlet.ts";
import { askNode } from "./ask-node.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinByToken } from "./join-by-token.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

/** The certificate requests that a node has made. */
async function requestsOf(node: TestNode): Promise<readonly V1CertificateSigningRequest[]> {
  const list = JSON.parse(await node.kubectl(["get", "csr", "--output=json"])) as {
    readonly items: readonly V1CertificateSigningRequest[];
  };
  return list.items.filter(({ spec }) => spec.username === `system:node:${node.name}`);
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
    const metrics = await askNode(cluster, node.port, "/metrics");
    for (const use of ["client", "server"])
      expect(metrics).toMatch(new RegExp(`^kubelet_certificate_manager_${use}_ttl_seconds [1-9]\\d+$`, "mu"));

    await node.process.kill();
    await node.process.start();
    expect(await isTrusted(node)).toBe(true);
    expect((await requestsOf(node)).map(({ spec }) => spec.signerName)).toEqual([
      "kubernetes.io/kubelet-serving",
    ]);
  });
});
