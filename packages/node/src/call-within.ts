import { within } from "@krustlet/clock";
import type { Clock } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";

/** What every doer of this room is given. */
export interface Doing {
  readonly clock: Clock;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** How long one call of the API server may take. */
  readonly callTimeoutMs: number;
}

/**
 * Calls the API server and waits for `callTimeoutMs` at the most: a connection that hangs must not hold up a heartbeat,
 * not even where the call does not heed its signal.
 *
 * @throws KrustletError `Timeout`; the signal's reason; whatever the call rejects with.
 */
export async function callWithin<T>(
  doing: Pick<Doing, "clock" | "signal" | "callTimeoutMs">,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal, callTimeoutMs: ms } = doing;
  const late = (): never => {
    const sentence = `The API server did not answer within ${ms / 1000} s.`;
    throw new KrustletError("Timeout", sentence, { retryable: true });
  };
  return within({ clock, ms, signal, late }, call);
}

/** How {@link untilDone} tries. */
export interface Persistence {
  /** Milliseconds before the second try; doubled for each one after. */
  readonly firstWait: number;
  /** What a failure that no retry mends becomes; undefined for one that is tried again. */
  readonly refusalOf: (error: unknown) => KrustletError | undefined;
}

/**
 * Calls until it succeeds, with waits that double up to 7 s.
 *
 * @throws what `refusalOf` gives; the signal's reason.
 */
export async function untilDone<T>(
  doing: Doing & { readonly onFailure: (error: unknown) => void },
  { firstWait, refusalOf }: Persistence,
  call: () => Promise<T>,
): Promise<T> {
  for (let wait = firstWait; ; wait = Math.min(wait * 2, 7000)) {
    try {
      return await call();
    } catch (error) {
      doing.signal.throwIfAborted();
      const refusal = refusalOf(error);
      if (refusal !== undefined) throw refusal;
      doing.onFailure(error);
    }
    await doing.clock.sleep(wait, { signal: doing.signal });
  }
}

/** What went wrong, in the words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Waits that double: `first` ms, then twice that, `most` at the longest. */
export function* doubling(first: number, most: number): Generator<number, never> {
  for (let ms = first; ; ms = Math.min(ms * 2, most)) yield ms;
}
