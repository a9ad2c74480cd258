import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buildCncfArtifact, pushArtifact, startRegistry } from "@krustlet/testkit";
import type { TestRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { demo, krustletCommand, temporaryDirectory } from "./krustlet.ts";

let registry: TestRegistry;
beforeAll(async () => (registry = await startRegistry()));
afterAll(() => registry[Symbol.asyncDispose]());

const ESC = "\u001b";
/** What moves the cursor up and clears what is below. */
const CLEARED = new RegExp(`\\r${ESC}\\[\\d+A${ESC}\\[J`, "u");

/** Runs krustlet on a terminal of so many columns, which util-linux's `script` makes; resolves to what it shows. */
async function onTerminal(
  args: readonly string[],
  init: { readonly columns?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly code: number | null; readonly shown: string }> {
  await using home = await temporaryDirectory();
  const command = [krustletCommand, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", `stty cols ${init.columns ?? 80}; ${command}`, "/dev/null"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      TERM: "xterm",
      HOME: home.path,
      KRUSTLET_ROOT: join(home.path, "root"),
      ...init.env,
    },
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, shown: shown.replaceAll("\r\n", "\n") }));
  });
}

/** A module that takes a moment to come: with a custom section of so many bytes behind it. */
async function pushLarge(repository: string, bytes: number): Promise<string> {
  const section = Buffer.concat([Buffer.from([1]), Buffer.from("x"), randomBytes(bytes)]);
  const size: number[] = [];
  for (let rest = section.length; rest > 0; rest >>= 7) size.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  const module = await readFile(demo("hello", "build", "hello.wasm"));
  const artifact = buildCncfArtifact(Buffer.concat([module, Buffer.from([0, ...size]), section]));
  await pushArtifact(artifact, { url: registry.url, repository, tag: "v1" });
  return `${registry.host}/${repository}:v1`;
}

describe("a terminal", () => {
  it("has bars of a pull that move, and nothing of them before what the guest prints", async () => {
    const { code, shown } = await onTerminal(["run", await pushLarge("bars", 16 * 1024 * 1024), "--", "one"]);
    expect(code).toBe(0);
    expect(shown).toMatch(/^[0-9a-f]{12}: \[=*>? *\] [\d.]+ [kM]?B\/16\.\d MB$/mu);
    expect(shown).toMatch(CLEARED);
    const rest = shown.split(CLEARED).at(-1) ?? "";
    expect(rest).toBe("Hello from AssemblyScript!\nargument 1: one\nand this line is on the error stream\n");
  });

  it("has lines that fit", async () => {
    const { shown } = await onTerminal(["run", await pushLarge("narrow", 4 * 1024 * 1024)], { columns: 24 });
    const lines = shown.split("\n").filter((line) => line.includes(": ["));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line.replace(CLEARED, "").length).toBeLessThan(24);
  });

  it("has colours before the lines of several containers, unless they are not wanted", async () => {
    const pod = demo("init-chain", "pod.yaml");
    const { shown } = await onTerminal(["run", pod]);
    expect(shown).toMatch(new RegExp(`${ESC}\\[\\d+m\\[.+\\]`, "u"));
    const plain = await onTerminal(["run", pod], { env: { NO_COLOR: "1" } });
    expect(plain.shown).toMatch(/^\[.+\] /mu);
    expect(plain.shown).not.toContain(ESC);
  });
});
