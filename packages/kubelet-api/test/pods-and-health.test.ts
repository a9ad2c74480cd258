import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { FakeClock } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { startHealthz } from "../src/index.ts";
import { openApiBench, runningPod } from "./api-bench.ts";

describe("the pods of a node", () => {
  it("are a list with their status, its times in whole seconds", async () => {
    await using bench = await openApiBench();
    const startTime = new Date("2026-02-03T04:05:06.789Z");
    bench.pods.push(
      runningPod({ status: { phase: "Running", startTime } }),
      runningPod({ metadata: { name: "x" }, status: {} }),
    );
    const { metadata, spec } = runningPod();
    const answer = await bench.get("/pods");
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(answer.text)).toStrictEqual({
      kind: "PodList",
      apiVersion: "v1",
      metadata: {},
      items: [
        { metadata, spec, status: { phase: "Running", startTime: "2026-02-03T04:05:06Z" } },
        { metadata: { name: "x" }, spec, status: {} },
      ],
    });
  });

  it("that run are a list of names, with a slash at its end or without", async () => {
    await using bench = await openApiBench();
    bench.pods.push(runningPod(), runningPod({ metadata: { name: "x" }, status: { phase: "Succeeded" } }));
    const { metadata, spec } = runningPod();
    for (const path of ["/runningpods/", "/runningpods"]) {
      expect(JSON.parse((await bench.get(path)).text)).toMatchObject({ items: [{ metadata, spec }] });
    }
  });

  it("may be none", async () => {
    await using bench = await openApiBench();
    expect(JSON.parse((await bench.get("/pods")).text)).toMatchObject({ items: [] });
  });
});

it.each([
  ["/exec/default/web/main?command=ls&output=1", "exec"],
  ["/exec/default/web/uid-1/main?command=ls&output=1", "exec"],
  ["/attach/default/web/main?output=1", "attach"],
  ["/portForward/default/web", "port-forward"],
  ["/portForward/default/web/uid-1", "port-forward"],
  ["/run/default/web/main?cmd=ls", "run"],
])("%s is refused with a sentence that kubectl shows", async (path, what) => {
  await using bench = await openApiBench();
  bench.pods.push(runningPod());
  const upgrade = { Connection: "Upgrade", Upgrade: "SPDY/3.1" };
  const answer = await bench.get(path, { headers: upgrade });
  expect(answer.status).toBe(501);
  expect(answer.text).toMatch(new RegExp(`^this node does not support ${what}.*\n$`, "u"));
});

it("configz shows the configuration in effect", async () => {
  await using bench = await openApiBench();
  expect(JSON.parse((await bench.get("/configz")).text)).toStrictEqual({
    kubeletconfig: { kind: "KubeletConfiguration", apiVersion: "kubelet.config.k8s.io/v1beta1" },
  });
});

describe("healthz", () => {
  it("is ok, for all checks and for each", async () => {
    await using bench = await openApiBench();
    for (const path of ["/healthz", "/healthz/ping", "/healthz/log", "/healthz/syncloop"]) {
      await expect(bench.get(path)).resolves.toMatchObject({ status: 200, text: "ok" });
    }
    await expect(bench.get("/healthz/nothing")).resolves.toMatchObject({ status: 404 });
    await expect(bench.get("/healthz?verbose")).resolves.toMatchObject({
      text: "[+]ping ok\n[+]log ok\n[+]syncloop ok\nhealthz check passed\n",
    });
  });

  it("says which check failed, and why only to who asks for that one", async () => {
    await using bench = await openApiBench({
      healthChecks: {
        log: () => undefined,
        syncloop: async () => {
          throw new Error("sync loop was last seen 3m0s ago");
        },
      },
    });
    await expect(bench.get("/healthz")).resolves.toMatchObject({
      status: 500,
      text: "[+]ping ok\n[+]log ok\n[-]syncloop failed: reason withheld\nhealthz check failed\n",
    });
    await expect(bench.get("/healthz/syncloop")).resolves.toMatchObject({
      status: 500,
      text: "internal server error: sync loop was last seen 3m0s ago\n",
    });
    await expect(bench.get("/healthz?exclude=syncloop&verbose")).resolves.toMatchObject({
      status: 200,
      text: "[+]ping ok\n[+]log ok\n[+]syncloop excluded: ok\nhealthz check passed\n",
    });
  });

  it("of a check that hangs fails after five seconds", async () => {
    await using bench = await openApiBench({
      healthChecks: { log: () => new Promise(() => undefined), syncloop: () => undefined },
    });
    const answer = bench.get("/healthz/log");
    while (bench.clock.sleeping === 0) await new Promise((resolve) => void setImmediate(resolve));
    await bench.clock.advance(5000);
    await expect(answer).resolves.toMatchObject({
      status: 500,
      text: "internal server error: it took too long\n",
    });
  });

  it("can be had alone, without TLS, and is all that is there", async () => {
    await using server = await startHealthz({
      address: "127.0.0.1",
      port: 0,
      clock: new FakeClock(),
      healthChecks: { log: () => undefined, syncloop: () => undefined },
    });
    const fetchText = async (path: string) => {
      const request = get({ host: "127.0.0.1", port: server.port, path, agent: false });
      const [answer] = (await once(request, "response")) as [IncomingMessage];
      return { status: answer.statusCode, text: await text(answer) };
    };
    expect(await fetchText("/healthz")).toStrictEqual({ status: 200, text: "ok" });
    expect(await fetchText("/healthz/syncloop")).toStrictEqual({ status: 200, text: "ok" });
    expect(await fetchText("/pods")).toMatchObject({ status: 404 });
    expect(await fetchText("/healthz/../pods")).toMatchObject({ status: 400 });
  });
});

describe("a port that is taken", () => {
  it("is named", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(openApiBench({ port })).rejects.toMatchObject({
      code: "AddressInUse",
      message: expect.stringContaining(`127.0.0.1 port ${port}`),
    });
    const healthChecks = { log: () => undefined, syncloop: () => undefined };
    const healthz = startHealthz({ address: "127.0.0.1", port, clock: new FakeClock(), healthChecks });
    await expect(healthz).rejects.toMatchObject({ code: "AddressInUse" });
    other.close();
  });
});

it("a serving certificate that is none is said so at the start", async () => {
  const tls = () => ({ key: "no key", cert: "no certificate" });
  await expect(openApiBench({ tls })).rejects.toMatchObject({ code: "InvalidObject" });
});
