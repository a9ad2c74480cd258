import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { endWorker } from "../src/end-worker.ts";
import { ENDING, EPOCH_CELL } from "../src/protocol.ts";
import { whileNotEnded } from "../src/thread/while-not-ended.ts";

function epochPage(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(64));
}

describe("ending a thread", () => {
  it("waits while the thread loads native code", async () => {
    const epoch = epochPage();
    const told: string[] = [];
    const worker = { terminate: () => Promise.resolve(told.push("ended")) };
    let ended: Promise<void> | undefined;
    whileNotEnded(epoch, () => {
      ended = endWorker(worker, epoch);
      told.push("loaded");
    });
    await ended;
    expect(told).toEqual(["loaded", "ended"]);
  });

  it("waits for a load that fails, too, and not for longer", async () => {
    const epoch = epochPage();
    const load = (): void => {
      throw new Error("no FFI");
    };
    expect(() => whileNotEnded(epoch, load)).toThrow("no FFI");
    let ended = 0;
    await endWorker({ terminate: () => Promise.resolve(++ended) }, epoch);
    expect(ended).toBe(1);
  });

  it("lets a thread that is being ended load nothing", async () => {
    const epoch = epochPage();
    const source = `
      import { parentPort, workerData } from "node:worker_threads";
      import { whileNotEnded } from ${JSON.stringify(new URL("../src/thread/while-not-ended.ts", import.meta.url).href)};
      parentPort.postMessage("begins");
      whileNotEnded(workerData, () => parentPort.postMessage("loads"));
    `;
    Atomics.store(epoch, EPOCH_CELL.ENDING, ENDING.ENDING);
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: epoch,
    });
    const told: unknown[] = [];
    worker.on("message", (message) => told.push(message));
    await once(worker, "message");
    await endWorker(worker, epoch);
    expect(told).toEqual(["begins"]);
  });
});
