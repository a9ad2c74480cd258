import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { glob, mkdir, readFile, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const modules = new Map<string, Promise<WebAssembly.Module>>();
const FLAGS = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2"];

async function compile(name: string): Promise<WebAssembly.Module> {
  const source = join(import.meta.dirname, "guests", `${name}.c`);
  const text = await readFile(source);
  const hash = createHash("sha256").update(FLAGS.join(" ")).update(text);
  for await (const header of glob(join(import.meta.dirname, "guests", "*.h")))
    hash.update(await readFile(header));
  const digest = hash.digest("hex").slice(0, 16);
  const directory = join(tmpdir(), "krustlet-wasi-guests");
  const output = join(directory, `${name}-${digest}.wasm`);
  let bytes = await readFile(output).catch(() => undefined);
  if (bytes === undefined) {
    await mkdir(directory, { recursive: true });
    const draft = `${output}.${process.pid}`;
    await run("clang", [...FLAGS, source, "-o", draft]);
    await rename(draft, output);
    bytes = await readFile(output);
  }
  return WebAssembly.compile(bytes);
}

/** The module of `guests/<name>.c`, compiled when its source has changed. */
export function compileGuest(name: string): Promise<WebAssembly.Module> {
  let module = modules.get(name);
  if (module === undefined) {
    module = compile(name);
    modules.set(name, module);
  }
  return module;
}
