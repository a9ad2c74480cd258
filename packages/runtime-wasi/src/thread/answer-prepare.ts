import { parentPort } from "node:worker_threads";
import { prepareModule } from "../prepare-module.ts";
import { ownBufferOf } from "../prepare-thread.ts";
import type { PrepareAnswer, PrepareRequest } from "../prepare-thread.ts";
import { failureOf } from "../thread-error.ts";

/** Rewrites the one module that this thread was started for. */
export function answerPrepare(): void {
  parentPort?.once("message", ({ bytes, wanted, subject }: PrepareRequest) => {
    const answer = ((): PrepareAnswer => {
      try {
        return { prepared: prepareModule(bytes, wanted, subject) };
      } catch (error) {
        return { failure: failureOf(error, subject) };
      }
    })();
    parentPort?.postMessage(answer, "prepared" in answer ? ownBufferOf(answer.prepared.bytes) : []);
  });
}
