import type { V1Lease } from "@kubernetes/client-node";
import { callWithin, doubling } from "./call-within.ts";
import type { DoerOptions } from "./doer-options.ts";
import { doingOf } from "./doer-options.ts";
import type { NodeClient } from "./node-client.ts";
import { apiStatusOf } from "./node-client.ts";
import { LEASE_SECONDS, planLease } from "./plan-lease.ts";

const JITTER = 0.04;
const RETRIES = 5;

/** Options of {@link keepLease}. */
export interface LeaseOptions extends DoerOptions {
  readonly nodeName: string;
  /** The Node's UID, asked at every renewal: a Node that was deleted and made again has another. */
  readonly nodeUid: () => string | undefined;
  /** How long a Lease is good; it is renewed four times as often. Default: 40. */
  readonly durationSeconds?: number;
  /** Told each renewal. */
  readonly onRenewed?: (lease: V1Lease) => void;
}

/**
 * Keeps a node's Lease renewed, every 10 s and up to 4 % more, until the signal is aborted: then it resolves. It never
 * rejects because of the API server: a failed renewal is tried again at once, five times, a conflict after reading the
 * Lease anew; then the Lease is read or created with waits that double from 200 ms to 7 s. It waits for nothing else.
 */
export async function keepLease(client: NodeClient, options: LeaseOptions): Promise<void> {
  const doing = doingOf(options);
  const { clock, signal, random, onFailure } = doing;
  const name = options.nodeName;
  const seconds = options.durationSeconds ?? LEASE_SECONDS;
  let latest: V1Lease | undefined;
  let missing = false;
  try {
    for (;;) {
      const began = clock.elapsed();
      if (latest === undefined || !(await renew())) await ensure();
      const period = (seconds * 1000 * (1 + JITTER * random())) / 4;
      await clock.sleep(Math.max(0, period - (clock.elapsed() - began)), { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }

  function planned(): V1Lease {
    return planLease(latest, { name, uid: options.nodeUid() }, clock.now(), seconds);
  }

  function renewed(lease: V1Lease): void {
    latest = lease;
    options.onRenewed?.(lease);
  }

  async function renew(): Promise<boolean> {
    for (let attempt = 0; attempt < RETRIES; attempt += 1) {
      try {
        renewed(await callWithin(doing, (signal) => client.updateLease(planned(), { signal })));
        return true;
      } catch (error) {
        signal.throwIfAborted();
        onFailure(error);
        const status = apiStatusOf(error);
        if (status === 404 || (status === 409 && (await reread()) === "gone")) return false;
      }
    }
    return false;
  }

  /** Reads the Lease as somebody else left it; where that fails, the next try meets the conflict again. */
  async function reread(): Promise<"read" | "gone" | "failed"> {
    try {
      latest = await callWithin(doing, (signal) => client.getLease(name, { signal }));
      return "read";
    } catch (error) {
      signal.throwIfAborted();
      onFailure(error);
      return apiStatusOf(error) === 404 ? "gone" : "failed";
    }
  }

  /** Reads or creates the Lease until it is there and renewed. */
  async function ensure(): Promise<void> {
    for (const wait of doubling(200, 7000)) {
      try {
        const created = await getOrCreate();
        if (created || (await renew())) return;
      } catch (error) {
        signal.throwIfAborted();
        onFailure(error);
      }
      await clock.sleep(wait, { signal });
    }
  }

  /** Whether it was created. What is known to be missing is not looked for before each try. */
  async function getOrCreate(): Promise<boolean> {
    try {
      if (!missing) {
        latest = await callWithin(doing, (signal) => client.getLease(name, { signal }));
        return false;
      }
    } catch (error) {
      if (apiStatusOf(error) !== 404) throw error;
      latest = undefined;
      missing = true;
    }
    try {
      renewed(await callWithin(doing, (signal) => client.createLease(planned(), { signal })));
    } catch (error) {
      missing = apiStatusOf(error) !== 409;
      throw error;
    }
    missing = false;
    return true;
  }
}
