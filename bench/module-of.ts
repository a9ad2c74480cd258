import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ContainerPlan } from "../packages/interface/src/index.ts";

type ModuleSource = ContainerPlan["module"];

const modules = join(import.meta.dirname, ".cache");

/** Compiles a C program of this directory to WebAssembly, where it is newer than its module. */
export function moduleOf(source: string): ModuleSource {
  const from = join(import.meta.dirname, source);
  const path = join(modules, `${basename(source, ".c")}.wasm`);
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (made < statSync(from).mtimeMs) {
    mkdirSync(modules, { recursive: true });
    const args = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2", from, "-o", path, "-lm"];
    const result = spawnSync("clang", args, { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`${source} does not compile: ${result.stderr}`);
  }
  const bytes = readFileSync(path);
  return { path, size: bytes.length, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}
