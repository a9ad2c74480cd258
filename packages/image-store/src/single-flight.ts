/** One piece of work that several callers wait for. */
interface Flight<P, R> {
  readonly abort: AbortController;
  readonly listeners: Set<(progress: P) => void>;
  readonly promise: Promise<R>;
  waiting: number;
  last: P | undefined;
}

/** A caller of {@link SingleFlight}. */
interface FlightCaller<P> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: P) => void;
}

/** Does the same work once for all who ask for it at the same time. */
export type SingleFlight<P, R> = (
  key: string,
  caller: FlightCaller<P>,
  work: (signal: AbortSignal, tell: (progress: P) => void) => Promise<R>,
) => Promise<R>;

/**
 * Callers with the same key share one run of the work and its progress. A caller that is aborted leaves at once; the work
 * is aborted when the last one has left.
 */
export function createSingleFlight<P, R>(): SingleFlight<P, R> {
  const flights = new Map<string, Flight<P, R>>();

  function depart(key: string, work: Parameters<SingleFlight<P, R>>[2]): Flight<P, R> {
    const abort = new AbortController();
    const listeners = new Set<(progress: P) => void>();
    const tell = (progress: P): void => {
      flight.last = progress;
      for (const listener of listeners) listener(progress);
    };
    const promise = Promise.resolve()
      .then(() => work(abort.signal, tell))
      .finally(() => {
        if (flights.get(key) === flight) flights.delete(key);
      });
    promise.catch(() => {}); // Told to the callers; when all have left, to nobody.
    const flight: Flight<P, R> = { abort, listeners, promise, waiting: 0, last: undefined };
    flights.set(key, flight);
    return flight;
  }

  return async (key, caller, work) => {
    caller.signal?.throwIfAborted();
    const flight = flights.get(key) ?? depart(key, work);
    const { onProgress, signal } = caller;
    // Each caller's own function, so that one that is given twice is told twice and removed once.
    const listener = (progress: P): void => onProgress?.(progress);
    flight.waiting += 1;
    flight.listeners.add(listener);
    if (flight.last !== undefined) listener(flight.last);
    let leave = (): void => {};
    const left = new Promise<never>((_resolve, reject) => {
      leave = () => reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
    });
    try {
      return await Promise.race([flight.promise, left]);
    } finally {
      signal?.removeEventListener("abort", leave);
      flight.listeners.delete(listener);
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        if (flights.get(key) === flight) flights.delete(key);
        flight.abort.abort(signal?.reason);
      }
    }
  };
}
