import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";

import { eventually } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { openApiBench, runningPod } from "./api-bench.ts";
import type { ApiBench } from "./api-bench.ts";
import { newAuthority } from "./authority.ts";

async function dial(bench: ApiBench, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { key, cert } = bench.admin;
  const socket = connect({
    host: "127.0.0.1",
    port: bench.port,
    key,
    cert,
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, "secureConnect");
  return socket.on("error", () => undefined);
}

/** Everything that comes until the connection is closed, in whatever way. */
async function restOf(socket: TLSSocket): Promise<string> {
  let seen = "";
  socket.on("data", (chunk: Buffer) => void (seen += chunk.toString("latin1")));
  // Not by once(), which a reset rejects.
  await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  return seen;
}

/** Sends raw bytes, and gives what comes back until the server closes. */
async function exchange(bench: ApiBench, bytes: string): Promise<string> {
  const socket = await dial(bench);
  socket.write(bytes);
  return restOf(socket);
}

describe("the TLS of the server", () => {
  it("is 1.2 or newer, and speaks HTTP/1.1 alone", async () => {
    await using bench = await openApiBench();
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await expect(dial(bench, old)).rejects.toThrow(/protocol version|unsupported|alert/iu);
    await expect(dial(bench, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/iu);
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const socket = await dial(bench, {
        maxVersion: version,
        minVersion: version,
        ALPNProtocols: ["h2", "http/1.1"],
      });
      expect(socket.alpnProtocol).toBe("http/1.1");
      socket.destroy();
    }
  });

  it("gives no session that could be taken up again", async () => {
    await using bench = await openApiBench();
    const socket = await dial(bench, { maxVersion: "TLSv1.2" });
    const session = socket.getSession();
    socket.destroy();
    const again = await dial(bench, { maxVersion: "TLSv1.2", session });
    expect(again.isSessionReused()).toBe(false);
    again.destroy();
  });

  it("has a new certificate from the next connection on, and drops nobody", async () => {
    await using bench = await openApiBench();
    const before = await dial(bench);
    const next = newAuthority("new servers").sign({ name: "node-1-renewed", usage: "serverAuth" });
    bench.tls = { ...bench.tls, ...next };
    const after = await dial(bench);
    expect(after.getPeerX509Certificate()?.fingerprint256).toBe(
      new X509Certificate(next.cert).fingerprint256,
    );
    expect(before.getPeerX509Certificate()?.subject).toBe("CN=node-1");
    before.write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await restOf(before)).toMatch(/^HTTP\/1.1 200 OK/u);
    after.destroy();
  });

  it("stays what it was when the new certificate is none", async () => {
    await using bench = await openApiBench();
    bench.tls = { ...bench.tls, key: "no key" };
    await expect(bench.get("/healthz")).resolves.toMatchObject({ status: 200 });
    expect(bench.warnings).toHaveLength(1);
    expect(bench.warnings[0]).toMatch(/^The new serving certificate of the kubelet's API cannot be used: /u);
  });
});

it("a certificate that cannot be had for a while keeps the server going with the one it has", async () => {
  const { cert, key } = newAuthority("test servers").sign({ name: "node-1", usage: "serverAuth" });
  const first = { cert, key };
  let broken = false;
  const tls = () => {
    if (broken) throw new Error("disk full");
    return first;
  };
  await using bench = await openApiBench({ tls, authentication: { anonymous: true } });
  broken = true;
  const socket = await dial(bench, { key: undefined, cert: undefined });
  expect(socket.getPeerX509Certificate()?.subject).toBe("CN=node-1");
  expect(bench.warnings).toHaveLength(1);
  expect(bench.warnings[0]).toContain("disk full");
  socket.destroy();
});

describe("a client", () => {
  it.each([
    [
      "a name of 20 kB",
      `GET /containerLogs/default/${"x".repeat(20_000)}/main HTTP/1.1\r\nHost: x\r\n\r\n`,
      431,
    ],
    ["headers of 20 kB", `GET /pods HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["a path that climbs", "GET /stats/../pods HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
    [
      "a path that climbs, encoded",
      "GET /containerLogs/%2e%2e/web/main HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      400,
    ],
    [
      "a slash in a name",
      "GET /containerLogs/default/web%2fmain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      400,
    ],
    [
      "a NUL in a name",
      "GET /containerLogs/default/web%00/main HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      400,
    ],
    ["another host's URL", "GET https://other/pods HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
    ["nonsense", "nonsense\r\n\r\n", 400],
    [
      "two lengths",
      "POST /pods HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
    ],
    ["an unknown method", "BREW /pods HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["a method without a verb", "OPTIONS /pods HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405],
    ["a method that is not served", "DELETE /pods HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405],
    ["a prototype", "GET /__proto__ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404],
    [
      "an upgrade",
      "GET /pods HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
      200,
    ],
  ])("that sends %s gets a plain answer", async (_what, bytes, status) => {
    await using bench = await openApiBench();
    const answer = await exchange(bench, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `, "u"));
    expect(answer).not.toMatch(/ at .*\.ts|node:/u);
  });

  it("that sends names which are properties of objects finds no pod", async () => {
    await using bench = await openApiBench();
    bench.pods.push(runningPod());
    for (const name of ["__proto__", "constructor", "toString"]) {
      await expect(bench.get(`/containerLogs/default/${name}/main`)).resolves.toMatchObject({ status: 404 });
      await expect(bench.get(`/containerLogs/default/web/${name}`)).resolves.toMatchObject({ status: 404 });
    }
  });

  it("that sends a body has to begin anew", async () => {
    await using bench = await openApiBench();
    const answer = await exchange(
      bench,
      "GET /configz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK/u);
    expect(answer).toMatch(/Connection: close/iu);
  });

  it.each([
    ["says nothing", ""],
    ["never comes to the end of its headers", "GET /pods HTTP/1.1\r\nHost: x\r\n"],
  ])("that %s is cut off", async (_what, bytes) => {
    await using bench = await openApiBench({ limits: { headersMs: 1000 } });
    const socket = await dial(bench);
    socket.write(bytes);
    const dribble = setInterval(() => void (bytes === "" || socket.write("X-Slow: 1\r\n")), 100);
    const answer = await restOf(socket);
    clearInterval(dribble);
    expect(answer === "" || answer.startsWith("HTTP/1.1 408")).toBe(true);
  });

  it("that never begins the handshake is cut off", async () => {
    await using bench = await openApiBench({ limits: { headersMs: 1000 } });
    const socket = connectTcp(bench.port, "127.0.0.1").on("error", () => undefined);
    await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
    await expect(bench.get("/healthz")).resolves.toMatchObject({ status: 200 });
  });

  it("that opens many connections keeps out nobody but itself", async () => {
    await using bench = await openApiBench({ limits: { strangers: 5 } });
    const known = await bench.open("/healthz");
    known.resume();
    bench.pods.push(runningPod());
    bench.logs.set("wasi://1", { path: `${bench.directory}/0.log`, ended: new AbortController().signal });
    const follower = await bench.open("/containerLogs/default/web/main?follow=true");
    follower.on("error", () => undefined);
    let closed = 0;
    const flood = Array.from({ length: 20 }, () => connectTcp(bench.port, "127.0.0.1"));
    for (const socket of flood) socket.on("error", () => undefined).on("close", () => void (closed += 1));
    await eventually(
      () => closed >= 15,
      () => `${closed} connections were closed`,
    );
    await expect(bench.get("/healthz")).resolves.toMatchObject({ status: 200 });
    expect(follower.destroyed).toBe(false);
    for (const socket of flood) socket.destroy();
  });

  it("that is one too many is not let in at all", async () => {
    await using bench = await openApiBench({ limits: { connections: 1 } });
    const first = await dial(bench);
    await expect(dial(bench)).rejects.toThrow(/disconnected|reset|hang up/u);
    first.destroy();
  });
});
