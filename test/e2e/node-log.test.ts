/** A node whose log nobody reads. It takes no cluster: one that waits for its certificate is started, and stopped. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, writeSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { krustletCommand, temporaryDirectory } from "./krustlet.ts";
import { freePort } from "./loopback.ts";

/** Of an API server that is not there. */
const BOOTSTRAP = {
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "u", user: { token: "abcdef.0123456789abcdef" } }],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  "current-context": "x",
};

test.each([
  ["a pipe that is full", 200],
  ["a disk that is full", 500],
])("a node that logs to %s ends when it is asked to", async (to, health) => {
  await using home = await temporaryDirectory();
  await using opened = new AsyncDisposableStack();
  const bootstrap = join(home.path, "bootstrap.conf");
  await writeFile(bootstrap, JSON.stringify(BOOTSTRAP));
  const pipe = join(home.path, "stderr");
  execFileSync("mkfifo", [pipe]);
  opened.use(await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK));
  const filler = opened.use(await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
  expect(() => {
    for (;;) writeSync(filler.fd, "x".repeat(4096));
  }).toThrow("EAGAIN");
  const path = to === "a disk that is full" ? "/dev/full" : pipe;
  const stderr = opened.use(await open(path, constants.O_WRONLY));
  const port = await freePort();
  const options = [
    "--node-name=n1",
    `--bootstrap-kubeconfig=${bootstrap}`,
    `--kubeconfig=${join(home.path, "kubeconfig")}`,
    `--healthz-port=${port}`,
    "--node-ip=127.0.0.1",
    "--port=0",
  ];
  const env = { PATH: process.env["PATH"], HOME: home.path, KRUSTLET_ROOT: join(home.path, "root") };
  const child = spawn(krustletCommand, ["node", ...options], { env, stdio: ["ignore", "ignore", stderr.fd] });
  opened.defer(() => void child.kill("SIGKILL"));
  const healthz = async (check: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}/healthz/${check}`)).status;
  await expect.poll(() => healthz("syncloop").catch(() => 0), { timeout: 20_000 }).toBe(200);
  expect(await healthz("log")).toBe(health);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});
