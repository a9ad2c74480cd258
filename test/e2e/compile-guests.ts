import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

const sources = join(import.meta.dirname, "guests");
const modules = join(import.meta.dirname, ".cache");

/** The path of a guest's module: `guest("spin")` is compiled from `guests/spin.c`. */
export function guest(name: string): string {
  return join(modules, `${name}.wasm`);
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Compiles every guest that is newer than its module. */
export function compileGuests(): void {
  mkdirSync(modules, { recursive: true });
  for (const source of readdirSync(sources).filter((name) => name.endsWith(".c"))) {
    const from = join(sources, source);
    const to = guest(basename(source, ".c"));
    if (modifiedAt(to) > modifiedAt(from)) continue;
    const flags = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2", "-Wall", "-Wextra", "-Wno-unused-result"];
    const result = spawnSync("clang", [...flags, from, "-o", to], { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`${source} does not compile.\n${result.stderr}`);
  }
}
