import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerExit, ContainerIo, ContainerUsage, RunningContainer } from "@krustlet/interface";
import { OutputDelivery } from "./output-delivery.ts";
import type { GuestEnd } from "./protocol.ts";
import { StdinFeed } from "./stdin-feed.ts";

/** Milliseconds in which a thread answers that does not compute just now. */
const ANSWER_MS = 20;

/** What a container asks of the thread that it runs on. */
export interface ContainerThread {
  credit(bytes: number): void;
  /** A chunk that was asked for; none: end of file. */
  stdin(chunk?: Uint8Array): void;
  terminate(): void;
  kill(): void;
  /** Asks for the usage, which comes as a message. The CPU time of a thread of its own is known without it. */
  usage(): Promise<Pick<ContainerUsage, "cpuMicros">> | undefined;
}

/** A container on a thread, seen from the runtime: what the thread reports goes in, what the kubelet asks goes out. */
export class RemoteContainer implements RunningContainer {
  readonly id: string;
  readonly exited: Promise<ContainerExit>;
  startedAt: Date = new Date(0);
  readonly #thread: ContainerThread;
  readonly #output: OutputDelivery;
  readonly #stdin: StdinFeed;
  readonly #ended: Promise<void>;
  readonly #usageWaiters: ((usage: ContainerUsage) => void)[] = [];
  #setEnded: () => void = () => undefined;
  #setExited: (exit: ContainerExit) => void = () => undefined;
  #terminated: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #hasEnded = false;
  #lastUsage: ContainerUsage = { cpuMicros: 0, memoryBytes: 0 };

  constructor(id: string, io: ContainerIo, thread: ContainerThread) {
    this.id = id;
    this.#thread = thread;
    this.exited = new Promise((resolve) => (this.#setExited = resolve));
    this.#ended = new Promise((resolve) => (this.#setEnded = resolve));
    this.#output = new OutputDelivery(io, (bytes) => {
      if (!this.#hasEnded) thread.credit(bytes);
    });
    this.#stdin = new StdinFeed(io.stdin, (chunk) => {
      if (!this.#hasEnded) thread.stdin(chunk);
    });
  }

  async terminate(): Promise<void> {
    if (this.#hasEnded) return;
    if (this.#terminated === undefined) {
      this.#terminated = Promise.withResolvers<void>();
      this.#thread.terminate();
    }
    await this.#terminated.promise;
  }

  async kill(): Promise<void> {
    if (!this.#hasEnded) this.#thread.kill();
    await this.#ended;
  }

  async usage(): Promise<ContainerUsage> {
    if (this.#hasEnded) return this.#lastUsage;
    const answer = new Promise<ContainerUsage>((resolve) => this.#usageWaiters.push(resolve));
    const cpu = this.#thread.usage();
    if (cpu === undefined) return answer;
    // A guest that computes on a thread of its own keeps the thread from answering: its memory is as last known.
    const [{ cpuMicros }] = await Promise.all([
      cpu,
      Promise.race([answer, sleep(ANSWER_MS, undefined, { ref: false })]),
    ]);
    return { cpuMicros, memoryBytes: this.#lastUsage.memoryBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.exited;
  }

  /** The thread reports a write of the guest. */
  onOutput(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    this.#output.push(stream, chunk);
  }

  /** The thread reports that the guest wants more standard input. */
  onPull(): void {
    this.#stdin.pull();
  }

  onTerminated(): void {
    this.#terminated?.resolve();
  }

  onUsage(usage: ContainerUsage): void {
    this.#lastUsage = { cpuMicros: usage.cpuMicros, memoryBytes: usage.memoryBytes };
    for (const resolve of this.#usageWaiters.splice(0)) resolve(this.#lastUsage);
  }

  /** The guest has ended. The first report counts. */
  onEnd(end: GuestEnd, finishedAt: Date): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stdin.close();
    this.onUsage(this.#lastUsage);
    this.onTerminated();
    this.#setEnded();
    void this.#output
      .finished()
      .then(() => this.#setExited({ ...end, startedAt: this.startedAt, finishedAt }));
  }
}
