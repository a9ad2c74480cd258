import { ENDING, EPOCH_CELL } from "../protocol.ts";

/** Does on a thread for guests what it must not be ended in the middle of. One that is being ended does not return. */
export function whileNotEnded(epoch: Int32Array, work: () => void): void {
  const cell = EPOCH_CELL.ENDING;
  if (Atomics.compareExchange(epoch, cell, ENDING.FREE, ENDING.LOADING) === ENDING.ENDING) {
    Atomics.wait(epoch, cell, ENDING.ENDING);
  }
  try {
    work();
  } finally {
    Atomics.store(epoch, cell, ENDING.FREE);
    Atomics.notify(epoch, cell);
  }
}
