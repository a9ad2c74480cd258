import { legacyPathOf } from "./legacy-path.ts";
import { v0PathOf } from "./v0-path.ts";

// Names are a guest's: one that is longer is shown as it is, and of what is made of it no more than the beginning.
const LONGEST_SYMBOL = 4_096;
const LONGEST_PATH = 1_000;

/**
 * The path that a Rust symbol was made of, as `core::panicking::panic_fmt`: of either mangling, without the hashes of crates.
 * Any other name is returned as it is.
 */
export function demangleRust(symbol: string): string {
  const path = symbol.length > LONGEST_SYMBOL ? symbol : pathOf(symbol);
  return path.length > LONGEST_PATH && path !== symbol ? `${path.slice(0, LONGEST_PATH)}…` : path;
}

function pathOf(symbol: string): string {
  if (symbol.startsWith("_R")) return v0PathOf(symbol) ?? symbol;
  if (symbol.startsWith("_ZN")) return legacyPathOf(symbol) ?? symbol;
  return symbol;
}
