import { setTimeout as sleep } from "node:timers/promises";

/** Resolves once `done` holds, which is asked ten times a second for half a minute. */
export async function until(done: () => boolean | Promise<boolean>, otherwise: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await done()) return;
    await sleep(100);
  }
  throw new Error(otherwise());
}
