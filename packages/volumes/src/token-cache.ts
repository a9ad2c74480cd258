import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { Cancellable, Clock, IssuedToken, TokenRequest, TokenSource } from "@krustlet/interface";

import { renewalOf, SOONEST_MS } from "./renewal-of.ts";

/** How long a token that could not be renewed and still holds is used before the next try. */
const RETRY_MS = 60_000;

interface Held {
  readonly issued: IssuedToken;
  /** When it is asked for anew, and when it is over, by `clock.elapsed()`: whoever sets the wall clock makes no token older. */
  readonly renewAt: number;
  readonly overAt: number;
}

/** What a {@link TokenCache} is made of. */
export interface TokenCacheInit {
  readonly source: TokenSource;
  readonly clock: Pick<Clock, "now" | "elapsed">;
  /** In [0, 1). Spreads renewals. */
  readonly random: () => number;
  readonly warn: (message: string) => void;
}

/** Service account tokens of pods, in memory only: each is asked for once, and anew in good time before it expires. */
export class TokenCache {
  readonly #init: TokenCacheInit;
  readonly #pods = new Map<string, Map<string, Held>>();

  constructor(init: TokenCacheInit) {
    this.#init = init;
  }

  /**
   * The token for `request`. One that cannot be renewed is given as long as it holds.
   * @throws what the source threw, where there is no token that holds.
   */
  async get(request: TokenRequest, options: Cancellable = {}): Promise<string> {
    const { source, clock, random, warn } = this.#init;
    const key = JSON.stringify([request.serviceAccount, request.audiences, request.expirationSeconds]);
    const held = this.#pods.get(request.pod.uid)?.get(key);
    if (held !== undefined && clock.elapsed() < held.renewAt) return held.issued.token;
    try {
      const issued = await source(request, options);
      const lifetime = this.#lifetimeOf(issued, request);
      const at = clock.elapsed();
      const overAt = at + Math.max(lifetime, SOONEST_MS);
      this.#keep(request.pod.uid, key, { issued, renewAt: at + renewalOf(lifetime, random()), overAt });
      return issued.token;
    } catch (error) {
      options.signal?.throwIfAborted();
      const at = clock.elapsed();
      if (held === undefined || at >= held.overAt) throw tokenError(error);
      this.#keep(request.pod.uid, key, { ...held, renewAt: at + RETRY_MS });
      const { namespace, pod, serviceAccount } = request;
      warn(
        `pod ${namespace}/${pod.name}: the token of service account ${serviceAccount} could not be renewed; ` +
          `the one it has holds until ${held.issued.expiresAt.toISOString()}`,
      );
      return held.issued.token;
    }
  }

  /** When the first of a pod's tokens is to be renewed. */
  nextRenewal(uid: string): Date | undefined {
    const times = Array.from(this.#pods.get(uid)?.values() ?? [], ({ renewAt }) => renewAt);
    if (times.length === 0) return undefined;
    const { clock } = this.#init;
    // Never a moment too early: then there would be nothing to renew yet.
    return new Date(Math.ceil(clock.now().getTime() + Math.min(...times) - clock.elapsed()));
  }

  /** Forgets a pod's tokens. */
  forget(uid: string): void {
    this.#pods.delete(uid);
  }

  #keep(uid: string, key: string, held: Held): void {
    const tokens = this.#pods.get(uid) ?? new Map<string, Held>();
    this.#pods.set(uid, tokens.set(key, held));
    // A pod whose mount never succeeded is never unmounted either: what has expired goes by itself.
    const at = this.#init.clock.elapsed();
    for (const [other, others] of this.#pods) {
      if (Array.from(others.values()).every(({ overAt }) => overAt <= at)) this.#pods.delete(other);
    }
  }

  /** Milliseconds from now: never more than was asked for, though our clock be behind the server's. */
  #lifetimeOf({ expiresAt }: IssuedToken, { expirationSeconds }: TokenRequest): number {
    return Math.min(expiresAt.getTime() - this.#init.clock.now().getTime(), expirationSeconds * 1000);
  }
}

function tokenError(cause: unknown): KrustletError {
  if (isKrustletError(cause)) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KrustletError("VolumeFailed", `failed to fetch token: ${why}`, { cause, retryable: true });
}
