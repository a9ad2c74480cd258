import { KrustletError } from "@krustlet/interface";
import type { Wasi } from "@krustlet/wasi";
import type { MeterMemory } from "../meter/metered-module.ts";
import type { ReadyModule } from "../protocol.ts";
import { planMemory } from "./memory-limit.ts";
import { startBoth } from "./start-both.ts";

/** What {@link instantiateGuest} needs. */
export interface GuestInstanceInit {
  readonly ready: ReadyModule;
  readonly wasi: Wasi;
  /** Pages of 64 KiB that the guest's memory may have. */
  readonly limitPages: number;
  readonly epoch: WebAssembly.Memory;
  readonly yieldFunction: WebAssembly.ExportValue;
}

/** An instance that is ready to run, and what the runtime looks at in it. */
export interface GuestInstance {
  readonly instance: WebAssembly.Instance;
  readonly memory?: WebAssembly.Memory;
  /** How many times the guest was refused more memory. */
  growRefused(): number;
}

/**
 * Makes the guest's memory, instantiates its module, and arms its checks. Undefined when the memory does not fit
 * into the limit from the start.
 * @throws KrustletError `MissingImport`, `CapacityExceeded` when the process has no address space for the memory.
 */
export function instantiateGuest(init: GuestInstanceInit): GuestInstance | undefined {
  const { ready, wasi, yieldFunction } = init;
  const { form, module } = ready;
  if (form.kind === "too-large") return undefined;
  const extra: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  const give = (at: { importModule: string; importName: string }, value: WebAssembly.ImportValue): void => {
    (extra[at.importModule] ??= {})[at.importName] = value;
  };
  let memory: WebAssembly.Memory | undefined;
  if (form.memory !== undefined) {
    memory = createMemory(form.memory, init.limitPages);
    if (memory === undefined) return undefined;
    give(form.memory, memory);
  }
  if (form.kind === "metered") give(form.epoch, init.epoch);
  const imports = wasi.imports(module, extra);
  let instance = instantiate(module, imports);
  if (form.kind === "metered") {
    (instance.exports[form.yieldTable] as WebAssembly.Table).set(0, yieldFunction);
    if (form.startExport !== undefined) instance = startBoth(instance, form.startExport);
  }
  memory ??= instance.exports["memory"] as WebAssembly.Memory | undefined;
  const refused = form.growRefused === undefined ? undefined : instance.exports[form.growRefused];
  return { instance, memory, growRefused: counterOf(refused as WebAssembly.Global | undefined) };
}

/** Apart, so that what counts holds nothing else of the start for as long as the guest is there. */
function counterOf(global: WebAssembly.Global | undefined): () => number {
  return () => Number(global?.value ?? 0);
}

function instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(module, imports);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.LinkError)) throw cause;
    const reason = cause.message.replace(/^WebAssembly\.Instance\(\): /, "");
    throw new KrustletError("UnsupportedModule", `the module does not fit the host's imports: ${reason}`, {
      cause,
    });
  }
}

function createMemory(declared: MeterMemory, limitPages: number): WebAssembly.Memory | undefined {
  const pages = planMemory(declared, limitPages);
  if (pages === undefined) return undefined;
  try {
    if (!declared.is64) return new WebAssembly.Memory(pages);
    const descriptor = { address: "i64", initial: BigInt(pages.initial), maximum: BigInt(pages.maximum) };
    // The types of the DOM library do not know 64-bit memories yet.
    return new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor);
  } catch (cause) {
    throw new KrustletError(
      "CapacityExceeded",
      `this process has no address space left for ${pages.initial} pages of linear memory`,
      { cause, retryable: true },
    );
  }
}
