import { Worker } from "node:worker_threads";
import { KrustletError } from "@krustlet/interface";
import type { PreparedModule, WantedForm } from "./prepare-module.ts";
import type { PrepareThreadData, StartFailure } from "./protocol.ts";
import { errorOf } from "./thread-error.ts";

/** What a thread for large modules is asked; the bytes are handed over to it. */
export interface PrepareRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly wanted: WantedForm;
  readonly subject: string;
}

/** What it answers. */
export type PrepareAnswer = { readonly prepared: PreparedModule } | { readonly failure: StartFailure };

/** The buffer of bytes that have it to themselves: handed over, it need not be copied. */
export function ownBufferOf({ buffer, byteLength }: Uint8Array<ArrayBuffer>): ArrayBuffer[] {
  return buffer.byteLength === byteLength ? [buffer] : [];
}

/** Rewrites one large module on a thread made for it, which ends with the answer. */
export function prepareOnThread(url: URL, request: PrepareRequest): Promise<PreparedModule> {
  const workerData: PrepareThreadData = { role: "prepare" };
  const worker = new Worker(url, { workerData, name: "krustlet-prepare" });
  return new Promise((resolve, reject) => {
    const refuse = (cause?: unknown): void => {
      reject(new KrustletError("StartFailed", `${request.subject} could not be rewritten`, { cause }));
    };
    worker.once("message", (answer: PrepareAnswer) => {
      if ("prepared" in answer) resolve(answer.prepared);
      else reject(errorOf(answer.failure));
      void worker.terminate();
    });
    worker.once("error", refuse);
    worker.once("exit", () => refuse());
    worker.postMessage(request, ownBufferOf(request.bytes));
  });
}
