import { Worker } from "node:worker_threads";
import type { GuestThreadData } from "./protocol.ts";
import {
  createTickerControl,
  markRunning,
  ringTicker,
  TICKER_SLOTS,
  type TickerData,
  type TickerSlot,
} from "./thread/ticker.ts";

/** Milliseconds after which a guest is taken for one that may go on. */
const SOON_MS = 20;

/** A thread's place at the ticker. Disposing frees it. */
export interface TickerLease extends Disposable {
  readonly data: Omit<GuestThreadData, "role">;
  /** The ticker forgets that a guest runs there: the thread is about to be ended. */
  silence(): void;
}

/** The one thread that ends time slices on all others; started with the first slot that may need it. */
export class Ticker {
  readonly #url: URL;
  readonly #control = createTickerControl();
  readonly #marks = new Int32Array(this.#control);
  readonly #free: number[] = [];
  #used = 0;
  #worker: Worker | undefined;
  #soon: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #known = new Map<number, TickerSlot>();

  constructor(url: URL) {
    this.#url = url;
  }

  /** Starts the thread shortly: one short container need not pay for it. Idempotent and cheap. */
  startSoon(): void {
    if (this.#worker !== undefined) return;
    this.#soon ??= setTimeout(() => this.start(), SOON_MS).unref();
  }

  /** Starts the thread, unless it runs: somebody waits for a guest that computes. Idempotent and cheap. */
  start(): void {
    if (this.#worker !== undefined || this.#closed) return;
    const workerData: TickerData = { role: "ticker", control: this.#control };
    this.#worker = new Worker(this.#url, { workerData, name: "krustlet-ticker" });
    this.#worker.unref();
    // Without a ticker nothing is pre-empted, so one that dies (it runs no guest's code) is replaced.
    this.#worker.once("error", () => (this.#worker = undefined));
    for (const slot of this.#known.values()) this.#worker.postMessage(slot, []);
  }

  /** A slot with an epoch page of its own. */
  lease(): TickerLease {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= TICKER_SLOTS) throw new RangeError(`one runtime has at most ${TICKER_SLOTS} threads`);
    const epoch = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    this.#tell({ slot, epoch: epoch.buffer as ArrayBufferLike as SharedArrayBuffer });
    const silence = (): void => markRunning(this.#marks, slot, false);
    return {
      data: { slot, control: this.#control, epoch },
      silence,
      [Symbol.dispose]: () => {
        silence();
        this.#tell({ slot });
        this.#free.push(slot);
      },
    };
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#soon);
    await this.#worker?.terminate();
  }

  #tell(slot: TickerSlot): void {
    if (slot.epoch === undefined) this.#known.delete(slot.slot);
    else this.#known.set(slot.slot, slot);
    this.#worker?.postMessage(slot, []);
    ringTicker(this.#marks);
  }
}
