import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compileGuest } from "./compile-guest.ts";
import { OutputRecorder, runContainer } from "./container-run.ts";
import type { RuntimeContext } from "./describe-runtime.ts";

/** Mounts, the isolation between containers, and listening sockets. */
export function describeRuntimeFiles({ runtime, probe, plan: planFor, can }: RuntimeContext): void {
  describe("files and sockets", () => {
    let directory = "";
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "krustlet-runtime-"));
    });
    afterEach(async () => {
      await rm(directory, { recursive: true, force: true });
    });
    const dataMount = (readOnly: boolean) =>
      ({ source: directory, target: "/data", kind: "directory", readOnly }) as const;

    it.runIf(can("mounts"))("shows a directory of the host at the guest's path, both ways", async () => {
      await writeFile(join(directory, "in.txt"), "from the host");
      const mounts = [dataMount(false)];
      const read = probe(["read", "/data/in.txt"], { mounts });
      expect((await runContainer(runtime(), read)).stdout).toBe("from the host");
      const write = probe(["write", "/data/out.txt", "from the guest"], { mounts });
      expect((await runContainer(runtime(), write)).exit.exitCode).toBe(0);
      expect(await readFile(join(directory, "out.txt"), "utf8")).toBe("from the guest");
    });

    it.runIf(can("readOnlyMounts"))("refuses writes beneath a read-only mount", async () => {
      const plan = probe(["write", "/data/out.txt", "x"], { mounts: [dataMount(true)] });
      const { exit, stdout } = await runContainer(runtime(), plan);
      expect([exit.exitCode, stdout]).toEqual([1, "/data/out.txt: refused\n"]);
      await expect(readFile(join(directory, "out.txt"))).rejects.toThrow("ENOENT");
    });

    it.runIf(can("fileMounts"))("shows one file in an otherwise unchanged directory", async () => {
      await mkdir(join(directory, "etc"));
      await writeFile(join(directory, "etc", "kept"), "kept");
      await writeFile(join(directory, "one"), "just this file");
      const mounts = [
        { source: join(directory, "etc"), target: "/etc", kind: "directory", readOnly: false },
        { source: join(directory, "one"), target: "/etc/app.conf", kind: "file", readOnly: true },
      ] as const;
      for (const [path, content] of [
        ["/etc/app.conf", "just this file"],
        ["/etc/kept", "kept"],
      ] as const) {
        const { stdout } = await runContainer(runtime(), probe(["read", path], { mounts }));
        expect(stdout).toBe(content);
      }
    });

    it("shows a guest nothing of the host that is not mounted", async () => {
      const secret = join(directory, "secret");
      await writeFile(secret, "hunter2");
      for (const path of ["/etc/passwd", secret, `../../..${secret}`]) {
        const { exit, stdout } = await runContainer(runtime(), probe(["read", path]));
        expect([exit.exitCode, stdout.includes("hunter2"), stdout.includes("root:")]).toEqual([
          1,
          false,
          false,
        ]);
      }
    });

    it.runIf(can("mounts"))("does not show one container the mounts of another", async () => {
      await writeFile(join(directory, "in.txt"), "mine");
      const args = ["read", "/data/in.txt"];
      const [mine, other] = await Promise.all([
        runContainer(runtime(), probe(args, { mounts: [dataMount(false)] })),
        runContainer(runtime(), probe(args)),
      ]);
      expect([mine.stdout, other.exit.exitCode]).toEqual(["mine", 1]);
    });

    it.runIf(can("listen"))("hands the guest a socket that listens, and names it", async () => {
      const port = await freePort();
      const binds = [{ address: "127.0.0.1", port }];
      const output = new OutputRecorder();
      const plan = planFor(await compileGuest("echo-server"), { listen: [{ name: "echo", binds }] });
      const container = await runtime().start(plan, output);
      const echoed = await echo(port, "over the socket");
      expect([echoed, output.stdout]).toEqual(["over the socket", "1 echo\n"]);
      expect((await container.exited).exitCode).toBe(0);
    });

    it.runIf(can("listen"))("refuses a container whose port is taken, naming both", async () => {
      const port = await freePort();
      const listen = [{ name: "http", binds: [{ address: "127.0.0.1", port }] }];
      const module = await compileGuest("echo-server");
      const container = await runtime().start(planFor(module, { listen }), new OutputRecorder());
      const second = runtime().start(planFor(module, { listen, name: "late" }), new OutputRecorder());
      await expect(second).rejects.toMatchObject({
        code: "AddressInUse",
        message: expect.stringMatching(new RegExp(`late.*127\\.0\\.0\\.1.*${port}`)) as string,
      });
      await container[Symbol.asyncDispose]();
    });
  });
}

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new TypeError("a TCP server has a port");
  return address.port;
}

function echo(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    socket.on("data", (chunk: Buffer) => (got += chunk.toString()));
    socket.once("end", () => resolve(got));
    socket.once("error", reject);
  });
}
