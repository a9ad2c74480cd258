import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { Cancellable, IssuedToken, TokenRequest, TokenSource } from "@krustlet/interface";

import { renewalOf } from "./renewal-of.ts";

/** How long a token that could not be renewed and still holds is used before the next try. */
const RETRY_MS = 60_000;

interface Held {
  readonly issued: IssuedToken;
  /** When it is asked for anew. */
  readonly renewAt: Date;
}

/** What a {@link TokenCache} is made of. */
export interface TokenCacheInit {
  readonly source: TokenSource;
  readonly now: () => Date;
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
    const { source, now, random, warn } = this.#init;
    const key = JSON.stringify([request.serviceAccount, request.audiences, request.expirationSeconds]);
    const held = this.#pods.get(request.pod.uid)?.get(key);
    if (held !== undefined && now() < held.renewAt) return held.issued.token;
    try {
      const issued = await source(request, options);
      this.#keep(request.pod.uid, key, { issued, renewAt: renewalOf(issued.expiresAt, now(), random()) });
      return issued.token;
    } catch (error) {
      options.signal?.throwIfAborted();
      const at = now();
      if (held === undefined || at >= held.issued.expiresAt) throw tokenError(error);
      this.#keep(request.pod.uid, key, { ...held, renewAt: new Date(at.getTime() + RETRY_MS) });
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
    const times = Array.from(this.#pods.get(uid)?.values() ?? [], ({ renewAt }) => renewAt.getTime());
    return times.length === 0 ? undefined : new Date(Math.min(...times));
  }

  /** Forgets a pod's tokens. */
  forget(uid: string): void {
    this.#pods.delete(uid);
  }

  #keep(uid: string, key: string, held: Held): void {
    const tokens = this.#pods.get(uid) ?? new Map<string, Held>();
    this.#pods.set(uid, tokens.set(key, held));
    // A pod whose mount never succeeded is never unmounted either: what has expired goes by itself.
    const at = this.#init.now();
    for (const [other, others] of this.#pods) {
      if (Array.from(others.values()).every(({ issued }) => issued.expiresAt <= at)) this.#pods.delete(other);
    }
  }
}

function tokenError(cause: unknown): KrustletError {
  if (isKrustletError(cause)) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KrustletError("VolumeFailed", `failed to fetch token: ${why}`, { cause, retryable: true });
}
