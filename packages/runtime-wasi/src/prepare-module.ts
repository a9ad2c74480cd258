import { isKrustletError, KrustletError } from "@krustlet/interface";
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
 * What kind of binary the bytes open as.
 * @throws KrustletError `InvalidModule` for what is no WebAssembly, `UnsupportedModule` for a component.
 */
export function requireCoreModule(bytes: Uint8Array, subject: string): void {
  const magic = [0x00, 0x61, 0x73, 0x6d];
  if (bytes.length < 8 || magic.some((byte, index) => bytes[index] !== byte)) {
    throw new KrustletError(
      "InvalidModule",
      `${subject} is not a WebAssembly module: it does not begin with \\0asm`,
    );
  }
  const version = [...bytes.subarray(4, 8)].join(" ");
  if (version === "1 0 0 0") return;
  if (bytes[6] === 1 && bytes[7] === 0) {
    throw new KrustletError(
      "UnsupportedModule",
      `${subject} is a component; this runtime runs core modules and does not support the component model yet`,
    );
  }
  throw new KrustletError("InvalidModule", `${subject} has an unknown WebAssembly version: bytes ${version}`);
}

/**
 * The module in the wanted form. The bytes must have been validated as they are.
 * @throws KrustletError `UnsupportedModule` for what cannot be rewritten.
 */
export function prepareModule(
  bytes: Uint8Array<ArrayBuffer>,
  wanted: WantedForm,
  subject: string,
): PreparedModule {
  try {
    if (wanted.kind === "metered") {
      const { bytes: rewritten, ...form } = meterModule(bytes);
      return { bytes: rewritten, form: { kind: "metered", ...form } };
    }
    const { bytes: rewritten, ...form } = limitModule(bytes, wanted.maxPages);
    return { bytes: rewritten, form: { kind: "limited", ...form } };
  } catch (cause) {
    if (isKrustletError(cause)) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new KrustletError("UnsupportedModule", `${subject} cannot be run: ${message}`, { cause });
  }
}
