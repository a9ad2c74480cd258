// Only what will never hold takes so long; a busy machine must not be taken for that.
const GIVE_UP_MS = 20_000;

/**
 * Resolves once `done` holds, which is asked at every turn of the event loop, so that files, sockets and threads come
 * to their own in between. Rejects with what `otherwise` says when that does not come.
 */
export async function eventually(done: () => boolean, otherwise: () => string): Promise<void> {
  for (const giveUp = performance.now() + GIVE_UP_MS; performance.now() < giveUp;) {
    if (done()) return;
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  throw new Error(otherwise());
}
