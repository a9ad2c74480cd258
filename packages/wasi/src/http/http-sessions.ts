import type { IncomingMessage } from "node:http";

import { answerBodyOf } from "./answer-body.ts";
import type { AnswerBody } from "./answer-body.ts";
import { failHttp, HTTP_CODE } from "./http-code.ts";

/** An answer that a guest has a handle of. */
export interface HttpSession {
  /** Names and values, in turn, as they came. */
  readonly headers: readonly string[];
  readonly body: AnswerBody;
}

/** Handles that are kept, whether or not something of their answer is still to come. */
const MOST_HANDLES = 4096;

/** The answers that one guest has not closed. */
export class HttpSessions {
  readonly #sessions: Map<number, HttpSession> = new Map<number, HttpSession>();
  readonly #maxOpen: number;
  readonly #stop: AbortController = new AbortController();
  #asking = 0;
  #last = -1;

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen;
  }

  /** Aborted when the guest has ended. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Takes a place for one more request; `TOO_MANY_SESSIONS` where there is none. What it gives frees the place. */
  reserve(): () => void {
    const open = [...this.#sessions.values()].filter(({ body }) => body.open).length;
    if (open + this.#asking >= this.#maxOpen || this.#sessions.size >= MOST_HANDLES)
      failHttp(HTTP_CODE.TOO_MANY_SESSIONS);
    this.#asking += 1;
    return () => {
      this.#asking -= 1;
    };
  }

  add(answer: IncomingMessage): number {
    do this.#last = (this.#last + 1) >>> 0;
    while (this.#sessions.has(this.#last));
    this.#sessions.set(this.#last, { headers: answer.rawHeaders, body: answerBodyOf(answer) });
    return this.#last;
  }

  get(handle: number): HttpSession {
    return this.#sessions.get(handle >>> 0) ?? failHttp(HTTP_CODE.INVALID_HANDLE);
  }

  close(handle: number): void {
    this.get(handle).body.close();
    this.#sessions.delete(handle >>> 0);
  }

  /** The guest has ended: nothing of its requests is left. */
  end(): void {
    this.#stop.abort();
    for (const { body } of this.#sessions.values()) body.close();
    this.#sessions.clear();
  }
}
