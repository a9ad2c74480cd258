import { parentPort, workerData } from "node:worker_threads";
import type { ContainerPlan } from "@krustlet/interface";
import type { Face } from "@krustlet/wasi";
import type { GuestThreadData, ThreadData } from "./protocol.ts";

/** What a runtime that stands on this one gives each guest instead of the host's own imports. */
export interface GuestExtension extends Disposable {
  /** Import functions by module, in place of the host's of the same name. */
  readonly faces: Readonly<Record<string, Face>>;
}

/** Options of {@link startThread}. */
export interface ThreadOptions {
  /** Makes the extension for a container that is about to start; it is disposed when the container has ended. */
  readonly extend?: (plan: ContainerPlan) => GuestExtension;
  /** Told of each guest's end, before the runtime is. */
  readonly onGuestEnd?: () => void;
}

/**
 * Makes this worker thread what its data says: one that runs guests, prepares modules, or ticks. To be called once,
 * by the file that `WasiRuntimeInit.workerUrl` names. It imports no more than its role needs, so that a thread is up soon.
 */
export async function startThread(options: ThreadOptions = {}): Promise<void> {
  const data = workerData as ThreadData | undefined;
  // Started ahead: the runtime's first message says the rest. It comes when everything is loaded, for nobody keeps
  // a message that finds no listener.
  if (data === undefined) {
    const { runGuests } = await import("./thread/run-guests.ts");
    parentPort?.once("message", (given: GuestThreadData) => runGuests(given, options));
    return;
  }
  switch (data.role) {
    case "guests": {
      const { runGuests } = await import("./thread/run-guests.ts");
      return runGuests(data, options);
    }
    case "prepare": {
      const { answerPrepare } = await import("./thread/answer-prepare.ts");
      return answerPrepare();
    }
    case "ticker": {
      const { runTicker } = await import("./thread/ticker.ts");
      return runTicker(data);
    }
  }
}
