import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What V8 puts into a context that is made while `--expose-gc` holds. */
type Collector = (options: { readonly type: "major"; readonly flavor: "last-resort" }) => void;

let collector: Collector | undefined;
/** Another thread may take the flag away before a context was made under it. */
const TRIES = 10;

/**
 * Collects all garbage of the calling thread and gives its memory back to the system, young generation included: V8 itself
 * does that only when it needs more. Guests do not see the collector: they reach nothing that their module does not import.
 * Does nothing where V8 has none.
 */
export function collectGarbage(): void {
  collector ??= exposedCollector();
  collector?.({ type: "major", flavor: "last-resort" });
}

/** The flag holds for a moment only: it would slow down threads that start, and void compiled code that is kept. */
function exposedCollector(): Collector | undefined {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    setFlagsFromString("--expose-gc");
    const exposed = runInNewContext("globalThis.gc") as Collector | undefined;
    setFlagsFromString("--no-expose-gc");
    if (exposed !== undefined) return exposed;
  }
  return undefined;
}
