import type { KrustletError } from "@krustlet/interface";

import type { CliHost } from "./cli-host.ts";
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
  let requests = 0;
  let over = false;
  let failure: KrustletError | undefined;
  const request = (): void => {
    if (over) return;
    requests += 1;
    if (requests === 1) listener.stop();
    else listener.kill();
  };
  const signals = host.onSignal(request);
  const whenFailed = async (): Promise<void> => {
    const cause = await host.stdout.failed;
    if (over) return;
    failure = lostOutput(cause);
    if (requests === 0) request();
  };
  void whenFailed();
  return {
    get failure() {
      return failure;
    },
    [Symbol.dispose]: () => {
      over = true;
      signals[Symbol.dispose]();
    },
  };
}
