/** What V8 puts into a context made while `--expose-gc` holds. */
interface ExposedCollector {
  readonly gc?: (options: { readonly type: "major"; readonly flavor: "last-resort" }) => void;
}

/**
 * Collects this thread's garbage and gives its memory back to the system, young generation included: V8 itself does that
 * only when it needs more. Does nothing in a process whose V8 was not told to expose its collector (`--expose-gc`).
 */
export function releaseMemory(): void {
  (globalThis as ExposedCollector).gc?.({ type: "major", flavor: "last-resort" });
}
