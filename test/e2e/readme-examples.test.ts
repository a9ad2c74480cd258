import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, demo, temporaryDirectory } from "./krustlet.ts";

const run = promisify(execFile);

/** Examples that need what no test brings along: a cluster, a registry, a test runner. They are only compiled. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "image-store": "a registry",
  kube: "a cluster",
  oci: "a registry",
  testkit: "a test runner",
};
/** Packages whose types stand by themselves; those of others come with Kubernetes' client, which checks in its own way. */
const COMPLETE_TYPES = ["interface", "quantity", "wasm-binary", "wasi", "runtime-wasi", "runtime-wasmer"];

/** What the first block of TypeScript in each package's README says. */
const examples = readdirSync(join(checkout, "packages"))
  .map((name) => ({ name, text: exampleOf(join(checkout, "packages", name, "README.md")) }))
  .filter(({ text }) => text !== undefined);

function exampleOf(readme: string): string | undefined {
  return /^```ts\n(.*?)^```/msu.exec(readFileSync(readme, "utf8"))?.[1];
}

// In the package, so that it finds what it imports as the package's users do; in `dist`, which is made anew.
// One shows two packages together, which the command has both.
const homeOf = (name: string): string => (name === "image-store" ? "apps/krustlet" : `packages/${name}`);
const fileOf = (name: string): string => join(checkout, homeOf(name), "dist", "readme", "example.ts");

/** Compiles as a user's program that has nothing but Node's types. */
async function compile(names: readonly string[], skipLibCheck: boolean): Promise<string> {
  const options = ["--ignoreConfig", "--noEmit", "--strict", "--module", "nodenext", "--target", "es2024"];
  const libraries = [
    "--lib",
    "es2024,esnext.disposable",
    "--types",
    "node",
    "--skipLibCheck",
    `${skipLibCheck}`,
  ];
  const tsc = join(checkout, "node_modules", ".bin", "tsc");
  try {
    return (await run(tsc, [...options, ...libraries, ...names.map((name) => fileOf(name))])).stdout;
  } catch (error) {
    return String((error as { readonly stdout?: unknown }).stdout);
  }
}

describe("the example at the top of each package's README", () => {
  beforeAll(async () => {
    for (const { name, text = "" } of examples) {
      await mkdir(dirname(fileOf(name)), { recursive: true });
      await writeFile(fileOf(name), text);
    }
  });
  afterAll(() => Promise.all(examples.map(({ name }) => rm(dirname(fileOf(name)), { recursive: true }))));

  it("is there", () => {
    expect(examples.map(({ name }) => name)).toStrictEqual(readdirSync(join(checkout, "packages")));
  });

  it("compiles against the package as it is published", async () => {
    const names = examples.map(({ name }) => name).filter((name) => name !== "testkit");
    expect(await compile(names, true)).toBe("");
  });

  it("compiles without the DOM's types, and with those of libraries checked", async () => {
    expect(await compile(COMPLETE_TYPES, false)).toBe("");
  });

  it.for(examples.filter(({ name }) => NOT_RUN[name] === undefined))("of $name runs", async ({ name }) => {
    await using directory = await temporaryDirectory();
    await copyFile(demo("hello", "build", "hello.wasm"), join(directory.path, "hello.wasm"));
    const text = readFileSync(fileOf(name), "utf8");
    // Places of a real machine are replaced by ones of this test's own.
    const here = text.replaceAll(/"\/(?:tmp|srv|var\/lib)(?=\/|")/gu, `"${directory.path}`);
    await mkdir(join(directory.path, "data"));
    await writeFile(fileOf(name), here);
    const { stderr } = await run(process.execPath, [fileOf(name)], { cwd: directory.path });
    expect(stderr).not.toMatch(/^\s+at /mu);
  });
});
