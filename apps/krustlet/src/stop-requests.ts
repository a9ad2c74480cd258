import type { KrustletError } from "@krustlet/interface";

import type { ByteSink, CliHost } from "./cli-host.ts";
import { lostOutput } from "./lost-output.ts";

/** What the user's wishes to end mean. */
export interface StopListener {
  /** The first request: gracefully. */
  stop(): void;
  /** Every further one: at once. */
  kill(): void;
}

/** The requests of one command. Disposing ends the listening. */
export interface StopRequests extends Disposable {
  /** Why output was lost, if it was and nobody has closed it on purpose. */
  readonly failure: KrustletError | undefined;
}

/** Turns Ctrl-C, SIGTERM and SIGHUP, and output that nobody takes any more, into requests to stop. */
export function stopRequests(host: CliHost, listener: StopListener): StopRequests {
  let signals = 0;
  let stopping = false;
  let over = false;
  let failure: KrustletError | undefined;
  const stop = (): void => {
    if (!stopping) listener.stop();
    stopping = true;
  };
  const listening = host.onSignal(() => {
    if (over) return;
    signals += 1;
    // A terminal that is closed loses output and sends a signal, in any order: that is one request.
    if (signals === 1) stop();
    else listener.kill();
  });
  const onLoss = (lost: KrustletError | undefined): void => {
    if (over) return;
    failure ??= lost;
    stop();
  };
  const watch = async (sink: ByteSink, of: "output" | "error"): Promise<void> => {
    const lost = lostOutput(await sink.failed, of);
    // Errors that nobody reads any more are for nobody, and the guest goes on.
    if (of === "output" || lost !== undefined) onLoss(lost);
  };
  void watch(host.stdout, "output");
  void watch(host.stderr, "error");
  return {
    get failure() {
      return failure;
    },
    [Symbol.dispose]: () => {
      over = true;
      listening[Symbol.dispose]();
    },
  };
}
