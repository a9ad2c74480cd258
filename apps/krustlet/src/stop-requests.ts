import type { CliHost } from "./cli-host.ts";

/** What the user's wishes to end mean. */
export interface StopListener {
  /** The first request: gracefully. */
  stop(): void;
  /** Every further one: at once. */
  kill(): void;
}

/** Turns Ctrl-C, SIGTERM and SIGHUP, and a reader of stdout that has gone, into requests to stop. */
export function stopRequests(host: CliHost, listener: StopListener): Disposable {
  let requests = 0;
  let over = false;
  const request = (): void => {
    if (over) return;
    requests += 1;
    if (requests === 1) listener.stop();
    else listener.kill();
  };
  const signals = host.onSignal(request);
  const whenClosed = async (): Promise<void> => {
    await host.stdout.closed;
    if (requests === 0) request();
  };
  void whenClosed();
  return {
    [Symbol.dispose]: () => {
      over = true;
      signals[Symbol.dispose]();
    },
  };
}
