import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trampolineBytes } from "../../src/meter/trampoline.ts";
import type { MeteredModule } from "../../src/meter/metered-module.ts";

type Exports = Record<string, WebAssembly.ExportValue>;

/** Compiles one C file to a WASI command. */
export function compileC(path: string, options: readonly string[] = ["-O2"]): Uint8Array<ArrayBuffer> {
  const directory = mkdtempSync(join(tmpdir(), "krustlet-meter-"));
  try {
    const target = join(directory, "guest.wasm");
    execFileSync("clang", ["--target=wasm32-wasi", "--sysroot=/usr", ...options, path, "-o", target]);
    return Uint8Array.from(readFileSync(target));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

class Exit extends Error {}

/** The few WASI calls that the kernels make: arguments, output, exit. */
function createWasi(args: readonly string[], memory: () => WebAssembly.Memory) {
  const argv = args.map((arg) => Buffer.from(`${arg}\0`));
  let output = "";
  const view = (): DataView => new DataView(memory().buffer);
  const calls: Record<string, (...values: never[]) => number> = {
    args_sizes_get(count: number, size: number) {
      view().setUint32(count, argv.length, true);
      view().setUint32(
        size,
        argv.reduce((sum, arg) => sum + arg.length, 0),
        true,
      );
      return 0;
    },
    args_get(pointers: number, buffer: number) {
      let at = buffer;
      for (const [index, arg] of argv.entries()) {
        view().setUint32(pointers + 4 * index, at, true);
        new Uint8Array(memory().buffer).set(arg, at);
        at += arg.length;
      }
      return 0;
    },
    fd_write(_descriptor: number, vectors: number, count: number, written: number) {
      let total = 0;
      for (let index = 0; index < count; index++) {
        const at = view().getUint32(vectors + 8 * index, true);
        const size = view().getUint32(vectors + 8 * index + 4, true);
        output += Buffer.from(memory().buffer, at, size).toString();
        total += size;
      }
      view().setUint32(written, total, true);
      return 0;
    },
    fd_fdstat_get(_descriptor: number, at: number) {
      new Uint8Array(memory().buffer).fill(0, at, at + 24);
      view().setUint8(at, 2);
      return 0;
    },
    proc_exit() {
      throw new Exit();
    },
  };
  const wasi = new Proxy(calls, {
    get: (target, name) => target[String(name)] ?? (() => 52),
    has: () => true,
  });
  return { wasi, output: () => output };
}

function runStart(instance: WebAssembly.Instance): void {
  try {
    (instance.exports["_start"] as () => void)();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
}

/** Runs an original command and gives what it printed. */
export function runPlain(module: WebAssembly.Module, args: readonly string[]): string {
  let memory: WebAssembly.Memory | undefined;
  const { wasi, output } = createWasi(args, () => memory as WebAssembly.Memory);
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi });
  memory = instance.exports["memory"] as WebAssembly.Memory;
  runStart(instance);
  return output();
}

/** What a metered module is instantiated with. */
export interface MeteredInstance {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory | undefined;
  /** The flag that the checks read. */
  readonly flag: Int32Array<SharedArrayBuffer>;
}

/** Instantiates a metered module; `onYield` runs each time a check finds the flag set. */
export function instantiateMetered(
  metered: Pick<MeteredModule, "memory" | "epoch" | "yieldTable">,
  module: WebAssembly.Module,
  imports: Record<string, unknown>,
  onYield: unknown,
  maxPages = 65_536,
): MeteredInstance {
  const epoch = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const all: Record<string, Record<string, unknown>> = {
    ...(imports as Record<string, Record<string, unknown>>),
  };
  const provide = (at: { importModule: string; importName: string }, value: unknown): void => {
    all[at.importModule] = { ...all[at.importModule], [at.importName]: value };
  };
  let memory: WebAssembly.Memory | undefined;
  if (metered.memory !== undefined) {
    const { minPages, maxPages: own, is64 } = metered.memory;
    const maximum = Math.min(own ?? 65_536, maxPages);
    memory = is64
      ? new WebAssembly.Memory({
          address: "i64",
          initial: BigInt(minPages),
          maximum: BigInt(maximum),
        } as never)
      : new WebAssembly.Memory({ initial: minPages, maximum });
    provide(metered.memory, memory);
  }
  provide(metered.epoch, epoch);
  const { exports } = new WebAssembly.Instance(module, all as never);
  const trampoline = new WebAssembly.Instance(new WebAssembly.Module(trampolineBytes), {
    m: { f: onYield as never },
  });
  (exports[metered.yieldTable] as WebAssembly.Table).set(0, trampoline.exports["f"]);
  const flag = new Int32Array(epoch.buffer as unknown as SharedArrayBuffer, metered.epoch.offset, 1);
  return { exports, memory, flag };
}

/** Runs a metered command, with the flag never set or set from the start, and gives what it printed. */
export function runMetered(
  metered: MeteredModule,
  module: WebAssembly.Module,
  args: readonly string[],
  onYield?: (flag: Int32Array) => void,
): string {
  let memory: WebAssembly.Memory | undefined;
  const { wasi, output } = createWasi(args, () => memory as WebAssembly.Memory);
  const instance: MeteredInstance = instantiateMetered(
    metered,
    module,
    { wasi_snapshot_preview1: wasi },
    () => onYield?.(instance.flag),
  );
  memory = instance.memory;
  if (onYield !== undefined) instance.flag[0] = 1;
  runStart(instance);
  return output();
}
