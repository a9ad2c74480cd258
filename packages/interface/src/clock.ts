/** A per-call option that every call which may wait takes last. */
export interface Cancellable {
  /** Aborting rejects the call with the signal's reason and undoes what it had begun. */
  readonly signal?: AbortSignal;
}

/** The time as rooms see it: injected everywhere, so that tests never sleep. */
export interface Clock {
  /** The wall clock now: for what people and other machines read. Somebody may set it at any moment. */
  now(): Date;
  /** Milliseconds since some instant of this process, whatever becomes of the wall clock: for how long something takes. */
  elapsed(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, options?: Cancellable): Promise<void>;
}
