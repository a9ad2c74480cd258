import { parentPort } from "node:worker_threads";
import { guardNativeLoading } from "@krustlet/wasi";
import { collectGarbage } from "../collect-garbage.ts";
import { trampolineBytes } from "../meter/trampoline.ts";
import {
  EPOCH_CELL,
  type FromThread,
  type GuestThreadData,
  type Handle,
  type ModuleNumber,
  type ReadyModule,
  type ToThread,
} from "../protocol.ts";
import type { ThreadOptions } from "../start-thread.ts";
import { failureOf } from "../thread-error.ts";
import { GuestContainer, type GuestContainerInit } from "./guest-container.ts";
import { PacedQueue } from "./paced-queue.ts";
import { BurstCollector } from "./burst-collector.ts";
import { Scheduler } from "./scheduler.ts";
import { markRunning, ringTicker } from "./ticker.ts";
import { whileNotEnded } from "./while-not-ended.ts";

const NOTHING: ArrayBuffer[] = [];

type Start = Extract<ToThread, { type: "start" }>;

/** Bytes from which a chunk is handed over; below, a copy costs less. */
const HAND_OVER = 8 * 1024;

/** Runs containers on this thread, as the runtime's messages say, until the thread is terminated. */
export function runGuests(data: GuestThreadData, options: ThreadOptions): void {
  if (parentPort === null) throw new TypeError("this file is started as a worker thread");
  const port = parentPort;
  const guests = new Map<Handle, GuestContainer>();
  const flag = new Int32Array(data.epoch.buffer);
  guardNativeLoading((load) => whileNotEnded(flag, load));
  const control = new Int32Array(data.control);
  const now = (): number => performance.now();
  const later = (callback: () => void, ms: number): void => void setTimeout(callback, ms);
  const afterLoop = (callback: () => void): void => void setImmediate(callback);
  const scheduler = new Scheduler({
    now,
    cpuMicros: () => {
      const { user, system } = process.threadCpuUsage();
      return user + system;
    },
    afterLoop,
    later,
    running: (runs) => {
      flag[EPOCH_CELL.FLAG] = 0;
      markRunning(control, data.slot, runs);
      if (runs) ringTicker(control);
    },
  });
  const yieldFunction = yieldFunctionOf(() => {
    flag[EPOCH_CELL.FLAG] = 0;
    return scheduler.yield();
  });
  const post = (message: FromThread, transfer: ArrayBuffer[] = NOTHING): void =>
    port.postMessage(message, transfer);

  const onSignalReaders = (readers: number): void => {
    Atomics.store(flag, EPOCH_CELL.SIGNAL_READERS, readers);
  };
  const modules = new Map<ModuleNumber, ReadyModule>();
  const moduleOf = (number: ModuleNumber): ReadyModule => {
    const ready = modules.get(number);
    if (ready === undefined) throw new TypeError(`this thread has no module ${number}`);
    return ready;
  };
  const create = async ({ handle, plan, module, stdin }: Start): Promise<GuestContainer> => {
    const ready = moduleOf(module);
    return GuestContainer.create({
      plan,
      ready,
      stdin,
      extension: options.extend?.(plan),
      scheduler,
      epoch: data.epoch,
      yieldFunction,
      ...waysOut(handle, post),
      onSignalReaders,
    });
  };
  const bursts = new BurstCollector({ now, later, release: collectGarbage });
  const run = async (handle: Handle, guest: GuestContainer): Promise<void> => {
    guests.set(handle, guest);
    bursts.note();
    post({ type: "started", handle, startedAt: Date.now(), ...guest.usage() });
    const end = await guest.run();
    guests.delete(handle);
    bursts.note();
    options.onGuestEnd?.();
    post({ type: "exited", handle, finishedAt: Date.now(), end, ...guest.usage() });
  };
  const fail = (handle: Handle, subject: string, error: unknown): void => {
    guests.delete(handle);
    post({ type: "failed", handle, failure: failureOf(error, subject) });
  };
  // Not one function that waits for the guest's end: it would hold the whole message for as long.
  const start = async (message: Start): Promise<void> => {
    const { handle, plan } = message;
    const subject = `container ${plan.pod.namespace}/${plan.pod.name}/${plan.name}`;
    try {
      const guest = await create(message);
      void run(handle, guest).catch((error: unknown) => fail(handle, subject, error));
    } catch (error) {
      fail(handle, subject, error);
    }
  };

  const starts = new PacedQueue<Start>({ now, afterLoop, work: (message) => void start(message) });

  port.on("message", (message: ToThread) => {
    if (message.type === "start") return starts.push(message);
    if (message.type === "module") return void modules.set(message.module, message.ready);
    if (message.type === "forget") return void modules.delete(message.module);
    if (message.type === "releaseMemory") {
      collectGarbage();
      return post({ type: "released" });
    }
    const { handle } = message;
    const guest = guests.get(handle);
    if (guest === undefined) return;
    switch (message.type) {
      case "stdin":
        return guest.stdin.push(message.chunk);
      case "credit":
        return guest.output.credit(message.bytes);
      case "terminate":
        guest.terminate();
        return post({ type: "terminated", handle });
      case "kill":
        return guest.kill();
      case "usage":
        return post({ type: "usage", handle, ...guest.usage() });
    }
  });
  post({ type: "ready" });
}

/** What a guest's output and its wish for input become. */
function waysOut(
  handle: Handle,
  post: (message: FromThread, transfer?: ArrayBuffer[]) => void,
): Pick<GuestContainerInit, "send" | "pull"> {
  return {
    send: (stream, chunk) => {
      const { buffer } = chunk;
      if (chunk.length < HAND_OVER || !(buffer instanceof ArrayBuffer)) {
        post({ type: "output", handle, stream, chunk });
      } else post({ type: "output", handle, stream, chunk }, [buffer]);
    },
    pull: () => post({ type: "pull", handle }),
  };
}

/** JSPI's wrapper, which the types of the DOM library do not know yet. */
function suspending(call: () => Promise<void> | undefined): WebAssembly.ImportValue {
  const { Suspending } = WebAssembly as unknown as {
    Suspending: new (call: () => Promise<void> | undefined) => WebAssembly.ImportValue;
  };
  return new Suspending(call);
}

/** One wasm function for all guests of the thread: it suspends whichever runs. */
function yieldFunctionOf(onYield: () => Promise<void> | undefined): WebAssembly.ExportValue {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(trampolineBytes), {
    m: { f: suspending(onYield) },
  });
  const suspend = exports["f"];
  if (suspend === undefined) throw new TypeError("the trampoline exports no f");
  return suspend;
}
