import { once } from "node:events";
import type { Readable } from "node:stream";

/** The body of an answer, taken piece by piece. */
export interface AnswerBody {
  /** At most `length` bytes, as soon as there are any; none: the body has ended. Rejects when it breaks off. */
  read(length: number): Promise<Uint8Array>;
  /** Whether something may still come. */
  readonly open: boolean;
  close(): void;
}

/** Reads from a stream no faster than it is asked to. */
export function answerBodyOf(stream: Readable): AnswerBody {
  let rest: Uint8Array = new Uint8Array();
  let broken: unknown;
  stream.on("error", (error: unknown) => {
    broken ??= error;
  });
  return {
    read: async (length) => {
      while (rest.length === 0 && !stream.readableEnded) {
        if (broken !== undefined) throw broken;
        const chunk = stream.read() as Uint8Array | null;
        if (chunk !== null) rest = chunk;
        else if (stream.destroyed) throw new Error("the answer broke off");
        else {
          const settled = new AbortController();
          const signals = ["readable", "end", "close"].map((event) =>
            once(stream, event, { signal: settled.signal }),
          );
          for (const each of signals) each.catch(() => undefined);
          try {
            await Promise.race(signals);
          } finally {
            settled.abort();
          }
        }
      }
      const taken = rest.subarray(0, length);
      rest = rest.subarray(taken.length);
      return taken;
    },
    get open() {
      return !stream.readableEnded && !stream.destroyed;
    },
    close: () => void stream.destroy(),
  };
}
