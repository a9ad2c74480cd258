import type { WasiExit } from "./init.ts";

// `at name (wasm://wasm/module-hash:wasm-function[12]:0x1a2)`, or without a name.
const FRAME = /^\s*at (?:(.*) \()?wasm:\/\/.*:wasm-function\[(\d+)\]:(0x[0-9a-f]+)\)?$/;

/** The wasm frames of a stack, innermost first, by function name where the module's name section has it. */
export function backtraceOf(stack: string): readonly string[] {
  const frames: string[] = [];
  for (const line of stack.split("\n")) {
    const [, name, index, offset] = FRAME.exec(line) ?? [];
    if (index === undefined || offset === undefined) continue;
    const known = name === undefined || name === "" || name.startsWith("wasm-function[") ? undefined : name;
    frames.push(
      known === undefined
        ? `function ${index} (offset ${offset})`
        : `${known} (function ${index}, offset ${offset})`,
    );
  }
  return frames;
}

/** How a guest ended that threw. */
export function trapOf(error: unknown): WasiExit {
  if (!(error instanceof Error)) {
    return { kind: "trap", message: "uncaught exception", backtrace: [], error };
  }
  // The engine's words for a stack that is full are about JavaScript.
  const message =
    error instanceof RangeError && error.message.includes("call stack")
      ? "call stack exhausted"
      : error.message;
  return {
    kind: "trap",
    message: message === "" ? "uncaught exception" : message,
    backtrace: backtraceOf(error.stack ?? ""),
    error,
  };
}
