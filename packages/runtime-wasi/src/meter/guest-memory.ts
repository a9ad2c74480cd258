import { KrustletError } from "@krustlet/interface";
import type { Limits } from "@krustlet/wasm-binary";
import type { MeterMemory } from "./metered-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";

/** A module's only memory: where it comes from, and its bounds. */
export interface GuestMemory {
  readonly limits: Limits;
  /** The names of its import; absent when the module defines it. */
  readonly imported?: { readonly module: string; readonly name: string };
}

function unsupported(problem: string): KrustletError {
  return new KrustletError("UnsupportedModule", `The module ${problem}.`);
}

/**
 * The memory of a module, `undefined` when it has none.
 * @throws KrustletError `UnsupportedModule` for several memories, a shared one, or an unusual page size: one limit
 * of pages would not bound them, or another thread would be needed.
 */
export function guestMemoryOf({ module }: ModuleSource): GuestMemory | undefined {
  const memories: GuestMemory[] = module.imports.flatMap(({ module: from, name, type }) =>
    type.kind === "memory" ? [{ limits: type.limits, imported: { module: from, name } }] : [],
  );
  for (const limits of module.memories) memories.push({ limits });
  if (memories.length > 1) throw unsupported(`has ${memories.length} memories; one is supported`);
  const memory = memories[0];
  if (memory?.limits.shared === true)
    throw unsupported("shares its memory between threads, which is not supported");
  if (memory !== undefined && memory.limits.pageSizeLog2 !== 16) {
    throw unsupported("has a memory whose pages are not 64 KiB, which is not supported");
  }
  return memory;
}

/** What the host must know to create a memory that is imported under these names. */
export function meterMemoryOf(
  { limits }: GuestMemory,
  importModule: string,
  importName: string,
): MeterMemory {
  return {
    importModule,
    importName,
    minPages: limits.minimum,
    ...(limits.maximum === undefined ? {} : { maxPages: limits.maximum }),
    is64: limits.is64,
  };
}
