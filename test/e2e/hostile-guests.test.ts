import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guest } from "./compile-guests.ts";
import { demo, interrupt, krustlet, start, temporaryDirectory } from "./krustlet.ts";
import { podManifest } from "./manifest.ts";

const data = [{ name: "data", mountPath: "/data" }];

/** A directory `volume` that a guest gets, and beside it a secret that it must not. */
async function hostileGround(): Promise<AsyncDisposable & { readonly path: string }> {
  const ground = await temporaryDirectory();
  const volume = join(ground.path, "volume");
  await mkdir(volume);
  await mkdir(join(volume, "real"));
  await mkdir(join(ground.path, "outside"));
  await writeFile(join(ground.path, "secret.txt"), "SECRET");
  await writeFile(join(ground.path, "outside", "file.txt"), "SECRET");
  await writeFile(join(volume, "real", "file.txt"), "inside");
  await symlink("..", join(volume, "link-out"));
  await symlink(ground.path, join(volume, "absolute-out"));
  await symlink("../secret.txt", join(volume, "secret-link"));
  return ground;
}

async function expectUntouched(ground: string): Promise<void> {
  const names = (await readdir(ground)).filter((name) => name !== "pod.yaml").toSorted();
  expect(names).toStrictEqual(["outside", "secret.txt", "volume"]);
  expect(await readFile(join(ground, "secret.txt"), "utf8")).toBe("SECRET");
  expect(await readdir(join(ground, "outside"))).toStrictEqual(["file.txt"]);
  expect(await readFile(join(ground, "outside", "file.txt"), "utf8")).toBe("SECRET");
}

describe("a guest that wants out of its volume", () => {
  for (const runtime of ["wasi", "wasmer"]) {
    it(`stays in, whatever path it tries (${runtime})`, async () => {
      await using ground = await hostileGround();
      const volume = `${join(ground.path, "volume")}:/data`;
      const options = ["--runtime", runtime, "-v", volume];
      const result = await krustlet(["run", ...options, guest("escape"), "--", ground.path]);
      await expectUntouched(ground.path);
      expect(result.stdout).toBe("0 escapes\n");
      expect(result.code).toBe(0);
    });
  }

  it("stays in when the volume is its root", async () => {
    await using ground = await hostileGround();
    const volume = join(ground.path, "volume");
    await mkdir(join(volume, "data"));
    const result = await krustlet(["run", "-v", `${volume}:/`, guest("escape"), "--", ground.path]);
    await expectUntouched(ground.path);
    expect(result.stdout).toBe("0 escapes\n");
  });

  it("stays in while a neighbour swaps directories for links", async () => {
    await using ground = await hostileGround();
    const manifest = join(ground.path, "pod.yaml");
    // Half a core each gives each container a thread of its own, so that they really race.
    const isolated = { volumeMounts: data, resources: { requests: { cpu: "500m" } } };
    await writeFile(
      manifest,
      podManifest(
        [
          { name: "attacker", image: guest("swap-attacker"), args: ["3"], ...isolated },
          { name: "victim", image: guest("swap-victim"), args: ["3"], ...isolated },
        ],
        { volumes: [{ name: "data", hostPath: { path: join(ground.path, "volume") } }] },
      ),
    );
    const result = await krustlet(["run", manifest]);
    await expectUntouched(ground.path);
    expect(result.stdout).toMatch(/[1-9]\d* flips/);
    expect(result.stdout).toMatch(/[1-9]\d* inside, 0 outside/);
    expect(result.code).toBe(0);
  });
});

describe("a guest that takes all it can get", () => {
  it("of descriptors is stopped at a limit of its own", async () => {
    await using ground = await hostileGround();
    const result = await krustlet([
      "run",
      "-v",
      `${join(ground.path, "volume")}:/data`,
      guest("descriptors"),
    ]);
    expect(result.stdout).toBe("open: too many open files\n");
    expect(result.code).toBe(0);
  });

  it("of memory is OOMKilled at its limit", async () => {
    await using directory = await temporaryDirectory();
    const manifest = join(directory.path, "pod.yaml");
    await writeFile(
      manifest,
      podManifest([
        { name: "greedy", image: guest("memory"), resources: { limits: { memory: "16Mi" } } },
        { name: "modest", image: guest("ticker"), args: ["20"] },
      ]),
    );
    const result = await krustlet(["run", "--output", "json", manifest]);
    expect(result.stdout).toContain('"OOMKilled"');
    expect(result.stdout).toMatch(/"exitCode":\s*137/);
    expect(result.stdout).toMatch(/"exitCode":\s*0/);
  });

  it("of memory exits with 137 when it is alone", async () => {
    await using directory = await temporaryDirectory();
    const manifest = join(directory.path, "pod.yaml");
    await writeFile(
      manifest,
      podManifest([{ name: "greedy", image: guest("memory"), resources: { limits: { memory: "16Mi" } } }]),
    );
    expect((await krustlet(["run", manifest])).code).toBe(137);
  });

  it("of CPU does not hold up another container, and can be killed", async () => {
    await using directory = await temporaryDirectory();
    const manifest = join(directory.path, "pod.yaml");
    const spinner = { image: guest("spin") };
    await writeFile(
      manifest,
      podManifest([
        { name: "spin-1", ...spinner },
        { name: "spin-2", ...spinner },
        { name: "spin-3", ...spinner },
        { name: "ticker", image: guest("ticker"), args: ["50"] },
      ]),
    );
    await using command = await start(["run", manifest]);
    await command.prints("latest ");
    // The bench measures how late; a test on a busy machine only asks that it was not starved.
    const latest = Number(/latest ([\d.]+)/.exec(command.printed())?.[1]);
    expect(latest).toBeLessThan(1000);
    interrupt(command);
    interrupt(command);
    const result = await command.finished;
    expect(result.code).not.toBe(0);
  });

  it("of output waits for its reader, and krustlet's memory stays small", async () => {
    await using command = await start(["run", guest("flood")], { collect: false });
    const { child } = command;
    await new Promise((resolve) => {
      child.stdout.once("readable", resolve);
    });
    // Nobody reads. The guest has to come to a stop; were it buffered, this would be gigabytes.
    await new Promise((resolve) => {
      setTimeout(resolve, 3000);
    });
    expect(residentMegabytes(child.pid)).toBeLessThan(500);
    interrupt(command);
    interrupt(command);
    child.stdout.resume();
    await command.finished;
  });

  it("of output loses no byte when it is read", async () => {
    await using command = await start(["run", guest("flood"), "--", "64"], { collect: false, stdin: "" });
    let bytes = 0;
    command.child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const result = await command.finished;
    expect(bytes).toBe(64 * 2 ** 20);
    expect(result.code).toBe(0);
  });
});

describe("a disk that is full", () => {
  const full = "/dev/full";
  it.skipIf(!existsSync(full))("under the output ends the command with one sentence", async () => {
    const shell = ["sh", "-c", 'exec "$0" "$@" > /dev/full'];
    const result = await krustlet(["run", demo("hello", "build", "hello.wasm")], { through: shell });
    expect(result.code).not.toBe(0);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  it.skipIf(!existsSync(full))(
    "under the errors is told by the exit code, as nothing else can tell it",
    async () => {
      const shell = ["sh", "-c", 'exec "$0" "$@" 2> /dev/full'];
      const result = await krustlet(["run", demo("hello", "build", "hello.wasm")], { through: shell });
      expect(result.code).toBe(125);
    },
  );
});

/** Megabytes of memory that a process and its descendants have. */
function residentMegabytes(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children
    .split(" ")
    .filter((child) => child !== "")
    .reduce((sum, child) => sum + residentMegabytes(Number(child)), own);
}
