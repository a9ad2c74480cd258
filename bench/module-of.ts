import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ContainerPlan } from "../packages/interface/src/index.ts";

type ModuleSource = ContainerPlan["module"];

const modules = join(import.meta.dirname, ".cache");

const ownClock = join(import.meta.dirname, "own-clock.h");

/** Compiles a C program of this directory to WebAssembly, where it is newer than its module; with own-clock.h or without. */
export function moduleOf(source: string, { timed = false } = {}): ModuleSource {
  const from = join(import.meta.dirname, source);
  const path = join(modules, `${basename(source, ".c")}${timed ? ".timed" : ""}.wasm`);
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (made < Math.max(statSync(from).mtimeMs, timed ? statSync(ownClock).mtimeMs : 0)) {
    mkdirSync(modules, { recursive: true });
    const clock = timed ? ["-include", ownClock] : [];
    const args = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2", ...clock, from, "-o", path, "-lm"];
    const result = spawnSync("clang", args, { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`${source} does not compile: ${result.stderr}`);
  }
  const bytes = readFileSync(path);
  return { path, size: bytes.length, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}
