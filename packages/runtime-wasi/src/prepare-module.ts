import { isKrustletError, KrustletError } from "@krustlet/interface";
import { parseModule, wasmKindOf } from "@krustlet/wasm-binary";
import { limitModule } from "./meter/limit-module.ts";
import { meterModule } from "./meter/meter-module.ts";
import type { ModuleForm } from "./protocol.ts";

/** How a container wants its module: interruptible, or as it is with at most so many pages of memory. */
export type WantedForm =
  | { readonly kind: "metered" }
  | { readonly kind: "limited"; readonly maxPages: number };

/** A module rewritten but not compiled. */
export interface PreparedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly form: ModuleForm;
}

/** Text that tells cached forms of one module apart. */
export function formKeyOf(wanted: WantedForm): string {
  return wanted.kind === "metered" ? "metered" : `limited:${wanted.maxPages}`;
}

/**
 * Refuses what is no core module.
 * @throws KrustletError `InvalidModule` for what is no WebAssembly, `UnsupportedModule` for a component.
 */
export function requireCoreModule(bytes: Uint8Array, subject: string): void {
  const kind = wasmKindOf(bytes);
  if (kind === "module") return;
  if (kind === "component") {
    throw new KrustletError(
      "UnsupportedModule",
      `${subject} is a component; this runtime runs core modules and does not support the component model yet`,
    );
  }
  throw new KrustletError(
    "InvalidModule",
    `${subject} is not a WebAssembly module: it does not begin with \\0asm and version 1`,
  );
}

/**
 * The module in the wanted form. The bytes must have been validated as they are. A module with a start section is
 * metered in any case: that makes its start an export, which may wait as every other code of the guest.
 * @throws KrustletError `UnsupportedModule` for what cannot be rewritten.
 */
export function prepareModule(
  bytes: Uint8Array<ArrayBuffer>,
  wanted: WantedForm,
  subject: string,
): PreparedModule {
  try {
    if (wanted.kind === "metered" || parseModule(bytes).start !== undefined) {
      const { bytes: rewritten, ...form } = meterModule(bytes);
      return { bytes: rewritten, form: { kind: "metered", ...form } };
    }
    const { bytes: rewritten, ...form } = limitModule(bytes, wanted.maxPages);
    return { bytes: rewritten, form: { kind: "limited", ...form } };
  } catch (cause) {
    // The one thing that keeps a limited module from starting is its own least memory.
    if (isKrustletError(cause, "StartFailed")) return { bytes, form: { kind: "too-large" } };
    const message = cause instanceof Error ? cause.message : String(cause);
    const code = isKrustletError(cause) ? cause.code : "UnsupportedModule";
    throw new KrustletError(code, `${subject} cannot be run: ${message}`, { cause });
  }
}
