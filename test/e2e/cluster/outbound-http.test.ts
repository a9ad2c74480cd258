import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import type { Cluster } from "@krustlet/control-plane";
import { buildCncfArtifact, pushArtifact, startRegistry } from "@krustlet/testkit";
import type { TestRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { compileGuests, guest } from "../compile-guests.ts";
import { sharedCluster } from "./shared-cluster.ts";
import { startNode } from "./start-node.ts";
import type { ClusterNode } from "./start-node.ts";
import { wasmPod } from "./wasm-pod.ts";

/** Not the guest's own loopback, which is its pod's address. */
const ECHO_ADDRESS = "127.99.0.1";

let cluster: Cluster;
let registry: TestRegistry;
let node: ClusterNode;
let image = "";
let echo: Server;
let origin = "";
const asked: string[] = [];

beforeAll(async () => {
  compileGuests();
  cluster = await sharedCluster();
  registry = await startRegistry();
  const module = await readFile(guest("http-post"));
  await pushArtifact(buildCncfArtifact(module), { url: registry.url, repository: "http-post", tag: "v1" });
  image = `${registry.host}/http-post:v1`;
  echo = createServer((message, response) => {
    const answer = async (): Promise<void> => {
      const body = await text(message);
      asked.push(`${message.method} ${message.url}`);
      if (message.url === "/away")
        response.writeHead(307, { Location: "http://169.254.169.254/latest" }).end();
      else response.end(`${String(message.headers["abc"])} ${body}`);
    };
    void answer();
  }).listen(0, ECHO_ADDRESS);
  await once(echo, "listening");
  origin = `http://${ECHO_ADDRESS}:${(echo.address() as AddressInfo).port}`;
  node = await startNode(cluster, { name: "node-http" });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  echo.close();
});

/** Runs a pod that posts to a URL; resolves with its phase and its log. */
async function post(name: string, url: string, annotations: Readonly<Record<string, string>> = {}) {
  const pod = wasmPod("node-http", name, { containers: [{ name: "main", image, args: [url] }] });
  await cluster.apply({ ...pod, metadata: { name, namespace: "default", annotations } });
  const path = "jsonpath={.status.containerStatuses[0].state.terminated}";
  await cluster.kubectlOutput(["wait", `pod/${name}`, `--for=${path}`, "--timeout=40s"]);
  const log = await cluster.kubectlOutput(["logs", name]);
  const code = await cluster.kubectlOutput([
    "get",
    "pod",
    name,
    "-o",
    "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}",
  ]);
  await cluster.kubectlOutput(["delete", "pod", name, "--wait=false"]);
  return { log, code };
}

describe("a pod that sends HTTP requests as those of the original Krustlet do", () => {
  it("reaches what its annotations list, under the original's names", async () => {
    const annotations = {
      "alpha.wasi.krustlet.dev/allowed-domains": JSON.stringify([origin]),
      "alpha.wasi.krustlet.dev/max-concurrent-requests": "42",
    };
    const { log, code } = await post("http-allowed", `${origin}/post`, annotations);
    expect(log).toBe("def Testing with a request body.\n200 OK\n");
    expect(code).toBe("0");
  });

  it("reaches nothing without, nor what is not listed, nor a cloud's metadata by a redirect", async () => {
    const before = asked.length;
    const denied = { log: "not sent: 7\n", code: "1" };
    await expect(post("http-denied", `${origin}/post`)).resolves.toStrictEqual(denied);
    const others = { "krustlet.dev/allowed-domains": '["https://example.com"]' };
    await expect(post("http-other", `${origin}/post`, others)).resolves.toStrictEqual(denied);
    expect(asked).toHaveLength(before);
    const listed = { "krustlet.dev/allowed-domains": JSON.stringify([origin]) };
    await expect(post("http-away", `${origin}/away`, listed)).resolves.toStrictEqual(denied);
  });

  it("waits with the reason where an annotation says nothing", async () => {
    const pod = wasmPod("node-http", "http-wrong", { containers: [{ name: "main", image, args: [origin] }] });
    const annotations = { "krustlet.dev/allowed-domains": "example.com" };
    await cluster.apply({ ...pod, metadata: { name: "http-wrong", namespace: "default", annotations } });
    const reason = "{.status.containerStatuses[0].state.waiting.reason}";
    const waited = `jsonpath=${reason}=CreateContainerConfigError`;
    await cluster.kubectlOutput(["wait", "pod/http-wrong", `--for=${waited}`, "--timeout=40s"]);
    const message = "jsonpath={.status.containerStatuses[0].state.waiting.message}";
    await expect(cluster.kubectlOutput(["get", "pod", "http-wrong", "-o", message])).resolves.toContain(
      'metadata.annotations["krustlet.dev/allowed-domains"]',
    );
    await cluster.kubectlOutput(["delete", "pod", "http-wrong", "--wait=false"]);
  });
});
