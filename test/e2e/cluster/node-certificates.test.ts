import { spawn } from "node:child_process";
import { randomUUID, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "@krustlet/control-plane";
import { bootstrapNode, keepCertificate, loadCertificate } from "@krustlet/node";
import type { NodeCertificate } from "@krustlet/node";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openNodeClient, openNodeRights } from "./node-rights.ts";
import { sharedCluster } from "./shared-cluster.ts";

let cluster: Cluster;
let root: string;
let name: string;
beforeAll(async () => {
  cluster = await sharedCluster();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "certificates-"));
  name = `node-${randomUUID()}`;
});
afterEach(() => rm(root, { recursive: true, force: true }));

const bootstrap = async (of: Cluster, told: string[] = []): Promise<boolean> =>
  bootstrapNode({
    nodeName: name,
    kubeconfig: join(root, "kubeconfig"),
    bootstrapKubeconfig: await of.bootstrapKubeconfig(),
    directory: join(root, "pki"),
    open: openNodeClient,
    onReplaced: (sentence) => told.push(sentence),
    onFailure: (error) => told.push(String(error)),
  });
const currentClient = (): Promise<{ certificate: string } | undefined> =>
  loadCertificate(join(root, "pki", "kubelet-client-current.pem"));
const patience = { timeout: 30_000 };
const froms = (told: readonly NodeCertificate[]): string[] => told.map(({ from }) => from);
const first = (pending: readonly string[]): Promise<void> =>
  expect.poll(() => pending, patience).not.toEqual([]);

describe("TLS bootstrap", () => {
  test("makes a token a kubeconfig with which the node is what it is, and kubectl too reads it", async () => {
    expect(await bootstrap(cluster)).toBe(true);
    const kubeconfig = join(root, "kubeconfig");
    const { stdout } = await cluster.kubectl(["auth", "whoami", "--output=json"], { kubeconfig });
    expect(JSON.parse(stdout).status.userInfo).toMatchObject({
      username: `system:node:${name}`,
      groups: ["system:nodes", "system:authenticated"],
    });
    expect(await bootstrap(cluster)).toBe(false);
  });

  test("says that a token is not accepted", async () => {
    const told: string[] = [];
    const kubeconfig = await cluster.bootstrapKubeconfig();
    const token = await cluster.kubectlOutput([
      "--kubeconfig",
      kubeconfig,
      "config",
      "view",
      "--raw",
      "--output=jsonpath={.users[0].user.token}",
    ]);
    const [id = ""] = token.split(".");
    await cluster.kubectlOutput(["delete", "secret", `bootstrap-token-${id}`, "--namespace=kube-system"]);
    await sleep(1000);
    const refused = bootstrapNode({
      nodeName: name,
      kubeconfig: join(root, "kubeconfig"),
      bootstrapKubeconfig: kubeconfig,
      directory: join(root, "pki"),
      open: openNodeClient,
      onFailure: (error) => told.push(String(error)),
      patienceMs: 2000,
    });
    await expect(refused).rejects.toMatchObject({
      code: "CertificateDenied",
      message: expect.stringContaining(`does not let node ${name} ask for a certificate (HTTP 401)`),
    });
    expect(told.length).toBeGreaterThan(0);
  });

  test("that is killed at any moment goes on where it was", async () => {
    const bootstrapKubeconfig = await cluster.bootstrapKubeconfig();
    const script = join(import.meta.dirname, "bootstrap-child.ts");
    const start = (): ReturnType<typeof spawn> =>
      spawn(process.execPath, [script, name, root, bootstrapKubeconfig], {
        stdio: ["ignore", "pipe", "inherit"],
      });
    for (let ms = 100; ms < 900; ms += 100) {
      const child = start();
      const timer = setTimeout(() => child.kill("SIGKILL"), ms);
      await once(child, "exit");
      clearTimeout(timer);
      // What is there is whole, or is not there.
      const stored = await currentClient();
      expect(stored === undefined || stored.certificate.includes("BEGIN CERTIFICATE")).toBe(true);
    }
    await bootstrap(cluster);
    const kubeconfig = join(root, "kubeconfig");
    const who = ["auth", "whoami", "--output=jsonpath={.status.userInfo.username}"];
    expect(await cluster.kubectlOutput(who, { kubeconfig })).toBe(`system:node:${name}`);
    expect(await bootstrap(cluster)).toBe(false);
    const left = (await readdir(join(root, "pki"))).filter((file) => file.includes(".tmp"));
    expect(left).toEqual([]);
  });
});

describe("a serving certificate", () => {
  test("is self-signed until a person approves the request, and then the cluster's own", async () => {
    await using node = await openNodeRights(cluster);
    const told: NodeCertificate[] = [];
    const pending: string[] = [];
    const failures: unknown[] = [];
    const stop = new AbortController();
    const keeping = keepCertificate(() => node.client, {
      use: "serving",
      nodeName: node.name,
      directory: join(root, "pki"),
      addresses: () => [node.name, "127.0.0.1"],
      onCertificate: (certificate) => told.push(certificate),
      onPending: (request) => pending.push(request),
      onFailure: (error) => failures.push(error),
      signal: stop.signal,
    });
    await first(pending);
    expect(froms(told)).toEqual(["self-signed"]);
    await cluster.kubectlOutput(["certificate", "approve", pending[0]!]);
    await expect.poll(() => froms(told), patience).toEqual(["self-signed", "issued"]);
    const certificate = new X509Certificate(told[1]!.certificate);
    expect(certificate.verify(new X509Certificate(cluster.certificateAuthority).publicKey)).toBe(true);
    expect([certificate.checkHost(node.name), certificate.checkIP("127.0.0.1")]).toEqual([
      node.name,
      "127.0.0.1",
    ]);
    expect(failures).toEqual([]);
    stop.abort();
    await keeping;
  });

  test("that is denied is told with what was said, and the node goes on with its own", async () => {
    await using node = await openNodeRights(cluster);
    const told: NodeCertificate[] = [];
    const pending: string[] = [];
    const failures: string[] = [];
    const stop = new AbortController();
    const keeping = keepCertificate(() => node.client, {
      use: "serving",
      nodeName: node.name,
      directory: join(root, "pki"),
      addresses: () => ["127.0.0.1"],
      onCertificate: (certificate) => told.push(certificate),
      onPending: (request) => pending.push(request),
      onFailure: (error) => failures.push(String(error)),
      signal: stop.signal,
    });
    await first(pending);
    await cluster.kubectlOutput(["certificate", "deny", pending[0]!]);
    await expect.poll(() => failures, patience).not.toEqual([]);
    expect(failures.join("")).toContain(`The certificate request ${pending[0]} was denied: `);
    expect(froms(told)).toEqual(["self-signed"]);
    stop.abort();
    await keeping;
  });
});
