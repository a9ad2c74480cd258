import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ModuleSource } from "@krustlet/interface";

const run = promisify(execFile);
const FLAGS = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2"];
const compiled = new Map<string, Promise<ModuleSource>>();

/**
 * A guest of `packages/testkit/guests/<name>.c`, compiled by the machine's clang; kept in the temporary directory by
 * the hash of its source, so that it is compiled once on a machine.
 * @throws Error with clang's own words when it does not compile, or is not installed.
 */
export function compileGuest(name: string): Promise<ModuleSource> {
  const known = compiled.get(name) ?? compile(name);
  compiled.set(name, known);
  return known;
}

async function compile(name: string): Promise<ModuleSource> {
  const source = new URL(`../guests/${name}.c`, import.meta.url);
  const text = await readFile(source);
  const key = createHash("sha256").update(FLAGS.join(" ")).update(text).digest("hex");
  const directory = join(tmpdir(), "krustlet-guests");
  const path = join(directory, `${name}-${key.slice(0, 16)}.wasm`);
  if (!(await exists(path))) {
    await mkdir(directory, { recursive: true });
    const temporary = `${path}.${process.pid}`;
    try {
      await run("clang", [...FLAGS, source.pathname, "-o", temporary]);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
  return moduleSourceOf(path);
}

/** Names a file as a module: its digest and size. */
export async function moduleSourceOf(path: string): Promise<ModuleSource> {
  const bytes = await readFile(path);
  return {
    digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    path,
    size: bytes.length,
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
