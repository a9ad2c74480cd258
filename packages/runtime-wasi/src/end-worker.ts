import type { Worker } from "node:worker_threads";
import { ENDING, EPOCH_CELL } from "./protocol.ts";

/** Milliseconds after which a thread that says it loads native code is looked at again. */
const LOOK_AGAIN_MS = 100;

/** Ends a thread for guests, and resolves when it is gone; not while it loads native code, which takes milliseconds. */
export async function endWorker(worker: Pick<Worker, "terminate">, epoch: Int32Array): Promise<void> {
  const cell = EPOCH_CELL.ENDING;
  while (Atomics.compareExchange(epoch, cell, ENDING.FREE, ENDING.ENDING) === ENDING.LOADING) {
    await Atomics.waitAsync(epoch, cell, ENDING.LOADING, LOOK_AGAIN_MS).value;
  }
  await worker.terminate();
}
