/** Client certificates of twenty seconds: a node's process, and the library alone, side by side in a cluster of their own. */
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlPlane } from "@krustlet/control-plane";
import { startControlPlane } from "@krustlet/control-plane";
import { nodeClient, openKube } from "@krustlet/kube";
import { bootstrapNode, keepCertificate, loadCertificate } from "@krustlet/node";
import type { NodeCertificate } from "@krustlet/node";
import type { V1Lease } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryDirectory } from "../krustlet.ts";
import { joinByToken } from "./join-by-token.ts";
import { openNodeClient } from "./node-rights.ts";

let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane({
    args: { "kube-controller-manager": ["--cluster-signing-duration=20s"] },
  });
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** Waits until a certificate is over: a node that was without power for a night. */
const over = (notAfter: Date | undefined): Promise<void> =>
  sleep(Math.max(0, (notAfter?.getTime() ?? 0) - Date.now()) + 1000);

// Each waits most of the time.
describe.concurrent("a client certificate of a few seconds", { timeout: 150_000 }, () => {
  test("is replaced again and again: the node stays one, and is one again after a long sleep", async () => {
    await using directory = await temporaryDirectory();
    await using node = await joinByToken(cluster, directory.path);
    const replaced = async (): Promise<number> =>
      (await node.log()).split("the client certificate is replaced").length - 1;
    await expect.poll(replaced, { timeout: 60_000 }).toBe(2);
    const args = ["get", "lease", node.name, "--namespace=kube-node-lease", "--output=json"];
    const lease = JSON.parse(await cluster.kubectlOutput(args)) as V1Lease;
    const renewed = Date.parse(String(lease.spec?.renewTime));
    expect(Date.now() - renewed).toBeLessThan(12_000);
    const { status } = await node.object();
    expect(status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");

    await node.process.kill();
    await over((await loadCertificate(join(node.root, "pki", "kubelet-client-current.pem")))?.notAfter);
    await node.process.start();
    expect(await node.log()).toContain("is replaced: its client certificate has expired");
  });

  test("is kept good while calls go on, not too often, and a token makes the node a node again when it is over", async () => {
    await using root = await temporaryDirectory();
    const name = `node-${randomUUID()}`;
    const kubeconfig = join(root.path, "kubeconfig");
    const directory = join(root.path, "pki");
    const sentences: string[] = [];
    const bootstrap = async (): Promise<boolean> =>
      bootstrapNode({
        nodeName: name,
        kubeconfig,
        bootstrapKubeconfig: await cluster.bootstrapKubeconfig(),
        directory,
        open: openNodeClient,
        onReplaced: (sentence) => sentences.push(sentence),
        onFailure: (error) => sentences.push(String(error)),
      });
    expect(await bootstrap()).toBe(true);
    await using kube = await openKube({ kubeconfig });
    const told: NodeCertificate[] = [];
    const failures: string[] = [];
    const stop = new AbortController();
    const keeping = keepCertificate(() => nodeClient(kube), {
      use: "client",
      nodeName: name,
      directory,
      onCertificate: (certificate) => {
        told.push(certificate);
        kube.replaceClientCertificate(certificate);
      },
      onFailure: (error) => failures.push(String(error)),
      signal: stop.signal,
    });
    const began = Date.now();
    while (told.length < 4 && Date.now() - began < 60_000) {
      const answer = await kube.request<{ status: { userInfo: { username: string } } }>({
        method: "POST",
        path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      });
      expect(answer.status.userInfo.username).toBe(`system:node:${name}`);
      await sleep(500);
    }
    stop.abort();
    await keeping;
    expect(failures).toEqual([]);
    expect(told).toHaveLength(4);
    expect(told.length).toBeLessThan((Date.now() - began) / 4000);
    expect(new Set(told.map(({ key }) => key)).size).toBe(told.length);
    expect((await readdir(directory)).filter((file) => /\d\.pem$/.test(file))).toHaveLength(2);
    // After a night without power all of it is over; the token makes the node a node again.
    await over(new Date(Math.max(...told.map(({ notAfter }) => notAfter.getTime()))));
    sentences.length = 0;
    expect(await bootstrap()).toBe(true);
    expect(sentences.join("")).toContain("is replaced: its client certificate has expired on ");
  });
});
