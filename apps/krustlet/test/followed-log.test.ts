import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openCriLog } from "@krustlet/kubelet";
import { startKubeletApi } from "@krustlet/kubelet-api";
import { eventually, selfSignedCertificate } from "@krustlet/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";

import { systemClock } from "@krustlet/clock";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-followed-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it("whoever follows a log over HTTPS sees every line once while the kubelet writes and rotates it", async () => {
  const { certificate: cert, key } = selfSignedCertificate();
  const path = join(directory, "main", "0.log");
  const ended = new AbortController();
  const status = {
    name: "main",
    image: "",
    imageID: "",
    ready: true,
    restartCount: 0,
    containerID: "wasi://1",
  };
  const pod = {
    metadata: { namespace: "default", name: "web", uid: "1" },
    spec: { containers: [{ name: "main" }] },
    status: { containerStatuses: [{ ...status, state: { running: {} } }] },
  };
  const tls = { key, cert };
  await using api = await startKubeletApi({
    address: "127.0.0.1",
    port: 0,
    nodeName: "node-1",
    tls: () => tls,
    clock: systemClock,
    pods: {
      list: () => [pod],
      running: () => [pod],
      find: () => pod,
      logOf: () => ({ path, ended: ended.signal }),
    },
    authentication: { anonymous: true },
    authorization: { mode: "AlwaysAllow" },
    healthChecks: { log: () => undefined, syncloop: () => undefined },
    configz: () => ({}),
  });
  const log = openCriLog({ path, clock: systemClock, maxBytes: 2000, maxFiles: 3 });
  const asked = request({
    host: "127.0.0.1",
    port: api.port,
    path: "/containerLogs/default/web/main?follow=true",
    ca: cert,
    agent: false,
  }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let seen = "";
  answer.setEncoding("utf8").on("data", (text: string) => void (seen += text));
  let written = "";
  for (let line = 0; line < 400; line += 1) {
    const text = `line ${line}\n`;
    written += text;
    await log.write("stdout", Buffer.from(text));
    // No more may be behind than the files that are kept hold.
    if (line % 40 === 0) {
      await log.flush();
      await eventually(
        () => seen.length === written.length,
        () => `${seen.length} of ${written.length} characters have come`,
      );
    }
  }
  await log[Symbol.asyncDispose]();
  ended.abort();
  await once(answer, "end");
  expect(seen).toBe(written);
  expect(await readdir(join(directory, "main"))).toHaveLength(3);
});
