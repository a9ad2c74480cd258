import { lstatSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

/** What is removed at once: less than the many ways to other threads and back that the patient removal takes. */
const FEW_ENTRIES = 16;
const SMALL_BYTES = 1024 * 1024;

/** So many are removed at once in so many milliseconds, a pod's and not many more: all of them would hold up everybody. */
const AT_ONCE = 3;
const PERIOD_MS = 100;
/** What others are still writing in is tried again, each time so much later. */
const RETRIES = 5;
const RETRY_MS = 50;
let since = Number.NEGATIVE_INFINITY;
let removed = 0;

/**
 * Removes a directory of the kubelet's own with all that is in it; one that is not there is well. A large one does not
 * hold up the caller's thread.
 */
export async function removeTree(path: string): Promise<void> {
  const now = performance.now();
  if (now - since > PERIOD_MS) {
    since = now;
    removed = 0;
  }
  if (removed < AT_ONCE && isSmall(path)) {
    removed += 1;
    try {
      return rmSync(path, { recursive: true, force: true });
    } catch {
      // Patience may help.
    }
  }
  await rm(path, { recursive: true, force: true, maxRetries: RETRIES, retryDelay: RETRY_MS });
}

function isSmall(path: string): boolean {
  let left = SMALL_BYTES;
  try {
    const names = readdirSync(path, { recursive: true, encoding: "utf8" });
    if (names.length > FEW_ENTRIES) return false;
    for (const name of names) left -= lstatSync(join(path, name)).size;
  } catch {
    // It is not there, or another one removes it just now.
    return true;
  }
  return left >= 0;
}
