import type { WasiExit } from "./init.ts";
import { demangleRust } from "./rust-names/demangle-rust.ts";

// `at name (wasm://wasm/module-hash:wasm-function[12]:0x1a2)`, or without a name.
const FRAME = /^\s*at (?:(.*) \()?wasm:\/\/.*:wasm-function\[(\d+)\]:(0x[0-9a-f]+)\)?$/;

/** Characters of a line of a stack that are looked at, at its start and at its end: names are the guest's, and as long as it likes. */
const LINE_START = 2_048;
const LINE_END = 512;
/** Characters of a name that are told. */
const LONGEST_NAME = 512;

/** The module's own name in its name section, which V8 puts before each function's. */
export function moduleNameOf(module: WebAssembly.Module): string | undefined {
  const section = WebAssembly.Module.customSections(module, "name")[0];
  if (section === undefined) return undefined;
  const bytes = new Uint8Array(section);
  // Subsection 0, its size, the name's length, the name; the numbers are LEB128, and names this long are not looked at.
  const length = bytes[2] ?? 0;
  if (bytes[0] !== 0 || (bytes[1] ?? 128) >= 128 || length >= 128) return undefined;
  return new TextDecoder().decode(bytes.subarray(3, 3 + length));
}

/** The wasm frames of a stack, innermost first, by function name where the module's name section has it; Rust's as its paths. */
export function backtraceOf(stack: string, moduleName?: string): readonly string[] {
  const frames: string[] = [];
  for (const line of stack.split("\n")) {
    const [, name, index, offset] = FRAME.exec(shortened(line)) ?? [];
    if (index === undefined || offset === undefined) continue;
    const plain =
      moduleName !== undefined && name?.startsWith(`${moduleName}.`) === true
        ? name.slice(moduleName.length + 1)
        : name;
    const known =
      plain === undefined || plain === "" || plain.startsWith("wasm-function[") ? undefined : plain;
    frames.push(
      known === undefined
        ? `function ${index} (offset ${offset})`
        : `${printable(demangleRust(known))} (function ${index}, offset ${offset})`,
    );
  }
  return frames;
}

function shortened(line: string): string {
  if (line.length <= LINE_START + LINE_END) return line;
  return `${line.slice(0, LINE_START)}…${line.slice(-LINE_END)}`;
}

/** A name without what would move a terminal's cursor, and not longer than anybody reads. */
function printable(name: string): string {
  const plain = name.replaceAll(/\p{C}/gu, "\u{fffd}");
  return plain.length <= LONGEST_NAME ? plain : `${plain.slice(0, LONGEST_NAME)}…`;
}

/** How a guest of `module` ended that threw. */
export function trapOf(error: unknown, module?: WebAssembly.Module): WasiExit {
  if (!(error instanceof Error)) {
    return { kind: "trap", message: "uncaught exception", backtrace: [], error };
  }
  // The engine's words for a stack that is full are about JavaScript.
  const full = error instanceof RangeError && error.message.includes("call stack");
  const message = full ? "call stack exhausted" : error.message === "" ? "uncaught exception" : error.message;
  const moduleName = module === undefined ? undefined : moduleNameOf(module);
  return { kind: "trap", message, backtrace: backtraceOf(error.stack ?? "", moduleName), error };
}
