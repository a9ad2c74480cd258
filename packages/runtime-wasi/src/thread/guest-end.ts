import type { WasiExit } from "@krustlet/wasi";
import type { GuestEnd } from "../protocol.ts";

/** Exit code of a program that ended by `abort()` or a trap, as a shell shows SIGABRT. */
const ABORTED = 134;
/** Exit code of a program that was killed, as a shell shows SIGKILL. */
const KILLED = 137;

/**
 * How a guest ended in a container's terms. A guest that traps or aborts after it was refused memory
 * (`growRefused` > 0) was out of memory.
 */
export function endOf(exit: WasiExit, growRefused: number): GuestEnd {
  if (exit.kind === "exit") {
    const exitCode = exit.code & 0xff;
    if (exitCode === ABORTED && growRefused > 0) return outOfMemory();
    return { exitCode, reason: exitCode === 0 ? "Completed" : "Error" };
  }
  if (exit.kind === "trap") {
    const message = trapMessageOf(exit.message, exit.backtrace);
    return growRefused > 0 ? outOfMemory(message) : { exitCode: ABORTED, reason: "Error", message };
  }
  return { exitCode: KILLED, reason: "Error" };
}

function outOfMemory(trap?: string): GuestEnd {
  const told = "the guest was refused memory beyond its limit and ended";
  return {
    exitCode: KILLED,
    reason: "OOMKilled",
    message: trap === undefined ? told : `${told}: ${trap}`,
  };
}

function trapMessageOf(what: string, backtrace: readonly string[]): string {
  if (backtrace.length === 0) return `wasm trap: ${what}`;
  return [
    `wasm trap: ${what}`,
    "wasm backtrace:",
    ...backtrace.map((frame, index) => `  ${index}: ${frame}`),
  ].join("\n");
}
