import { execFile, spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, demo, temporaryDirectory } from "./krustlet.ts";

const run = promisify(execFile);

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let krustlet = "";

// As a user gets it: packed, and installed by npm into a directory of its own.
beforeAll(async () => {
  directory = await temporaryDirectory();
  const packed = join(directory.path, "packed");
  const installed = join(directory.path, "installed");
  await mkdir(packed);
  await mkdir(installed);
  await writeFile(join(installed, "package.json"), '{ "private": true }');
  const app = join(checkout, "apps", "krustlet");
  await run(join(checkout, "node_modules", ".bin", "pnpm"), ["pack", "--pack-destination", packed], {
    cwd: app,
  });
  const tarball = join(packed, "krustlet-*.tgz");
  await run("sh", ["-c", `npm install --no-audit --no-fund --silent ${tarball}`], { cwd: installed });
  krustlet = join(installed, "node_modules", ".bin", "krustlet");
});
afterAll(() => directory[Symbol.asyncDispose]());

/** The first Node on the path that is not this project's. */
function systemNode(): string | undefined {
  const directories = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((path) => !path.includes("node_modules"));
  const node = directories.map((path) => join(path, "node"));
  return node.find((path) => spawnSync(path, ["--version"]).status === 0);
}

function knowsSuspending(node: string): boolean {
  return spawnSync(node, ["-e", "process.exit('Suspending' in WebAssembly ? 0 : 1)"]).status === 0;
}

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: directory.path });

describe("the published package", () => {
  it("installs the command krustlet, which runs a module", async () => {
    const module = demo("exerciser", "build", "exerciser.wasm");
    const { stdout } = await run(krustlet, ["run", module, "--", "write(lit:installed)to(stm:stdout)"], {
      env: environment(),
      cwd: directory.path,
    });
    expect(stdout).toBe("installed");
  });

  it("has the options that Node would take for its own", () => {
    const options = ["run", "--env-file", "absent.env", demo("exerciser", "build", "exerciser.wasm")];
    const { status, stderr } = spawnSync(krustlet, options, { env: environment(), encoding: "utf8" });
    expect(stderr).toMatch(/^krustlet: --env-file absent\.env cannot be read: /);
    expect(status).toBe(2);
  });

  it("keeps what only a node needs out of the file of every other command", async () => {
    const dist = join(dirname(krustlet), "..", "krustlet", "dist");
    const main = await readFile(join(dist, "main.cjs"), "utf8");
    expect(main).not.toMatch(/@kubernetes\/client-node|["'](?:pino|@grpc)/u);
    expect(await readFile(join(dist, "node.mjs"), "utf8")).toContain("pino");
  });

  it("is a node as well", async () => {
    const { stdout } = await run(krustlet, ["node", "--show-config", "--max-pods", "7"], {
      env: environment(),
    });
    expect(JSON.parse(stdout)).toMatchObject({ kind: "KubeletConfiguration", maxPods: 7 });
  });

  it("runs a manifest", async () => {
    const { stdout } = await run(krustlet, ["run", demo("init-chain", "pod.yaml")], { env: environment() });
    expect(stdout).toContain("before me came: first, second, third");
  });

  it("is packed by pnpm only, which fills in its versions", () => {
    const { status, stderr } = spawnSync("npm", ["pack", "--dry-run"], {
      cwd: join(checkout, "apps", "krustlet"),
      env: { PATH: process.env["PATH"], HOME: directory.path },
      encoding: "utf8",
    });
    expect(stderr).toContain("This package is packed and published with pnpm");
    expect(status).not.toBe(0);
  });

  const old = systemNode();
  it.skipIf(old === undefined || knowsSuspending(old))("tells an old Node's user what it needs", () => {
    const result = spawnSync(old ?? "", [krustlet, "--help"], { env: environment(), encoding: "utf8" });
    expect(result.stderr).toMatch(/^krustlet: Node \S+ is too old .*\n$/);
    expect(result.status).toBe(125);
  });
});
