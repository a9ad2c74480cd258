/** Requests by wasi_experimental_http: to what a pod's annotations list, and to nothing else. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileGuests, guest } from "../compile-guests.ts";
import { podOf } from "./exerciser-pod.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

/** Not the guest's own loopback, which is its pod's address. */
const ECHO_ADDRESS = "127.99.0.1";

let node: TestNode;
let echo: Server;
let origin = "";
const asked: string[] = [];

beforeAll(async () => {
  compileGuests();
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
  node = await joinNode(await sharedCluster());
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  echo.close();
});

/** A pod that posts to a URL. */
function posting(name: string, url: string, annotations: Readonly<Record<string, string>>): V1Pod {
  const container = { name: "main", image: `fs/${guest("http-post")}`, args: [url] };
  return podOf(name, [container], { terminationGracePeriodSeconds: 0 }, { annotations });
}

/** Runs a pod that posts to a URL; resolves with its exit code and its log. */
async function post(name: string, url: string, annotations: Readonly<Record<string, string>> = {}) {
  await node.create(posting(name, url, annotations));
  const terminated = ({ status }: V1Pod) => status?.containerStatuses?.[0]?.state?.terminated;
  const pod = await node.pods.until(name, "over", (state) => terminated(state) !== undefined);
  return { log: await node.kubectl(["logs", name]), code: terminated(pod)?.exitCode };
}

describe("a pod that sends HTTP requests as those of the original Krustlet do", () => {
  test("reaches what its annotations list, under the original's names", async () => {
    const annotations = {
      "alpha.wasi.krustlet.dev/allowed-domains": JSON.stringify([origin]),
      "alpha.wasi.krustlet.dev/max-concurrent-requests": "42",
    };
    const { log, code } = await post("http-allowed", `${origin}/post`, annotations);
    expect(log).toBe("def Testing with a request body.\n200 OK\n");
    expect(code).toBe(0);
  });

  test("reaches nothing without, nor what is not listed, nor a cloud's metadata by a redirect", async () => {
    const before = asked.length;
    const denied = { log: "not sent: 7\n", code: 1 };
    await expect(post("http-denied", `${origin}/post`)).resolves.toStrictEqual(denied);
    const others = { "krustlet.dev/allowed-domains": '["https://example.com"]' };
    await expect(post("http-other", `${origin}/post`, others)).resolves.toStrictEqual(denied);
    expect(asked).toHaveLength(before);
    const listed = { "krustlet.dev/allowed-domains": JSON.stringify([origin]) };
    await expect(post("http-away", `${origin}/away`, listed)).resolves.toStrictEqual(denied);
  });

  test("waits with the reason where an annotation says nothing", async () => {
    const annotations = { "krustlet.dev/allowed-domains": "example.com" };
    await node.create(posting("http-wrong", origin, annotations));
    const waiting = ({ status }: V1Pod) => status?.containerStatuses?.[0]?.state?.waiting;
    const held = await node.pods.until(
      "http-wrong",
      "held back",
      (pod) => waiting(pod)?.reason === "CreateContainerConfigError",
    );
    expect(waiting(held)?.message).toContain('metadata.annotations["krustlet.dev/allowed-domains"]');
    await node.kubectl(["delete", "pod", "http-wrong"]);
  });
});
