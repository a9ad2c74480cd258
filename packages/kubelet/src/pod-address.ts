import { createHash } from "node:crypto";

import type { PodKey } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";

/** Hands out one address for each pod. Disposing a lease gives the address back. */
export interface PodAddresses {
  /** @throws KrustletError `CapacityExceeded` when every address is taken. */
  lease(pod: PodKey): PodAddressLease;
}

/** A pod's address for as long as it is not disposed. */
export interface PodAddressLease extends Disposable {
  readonly address: string;
}

/**
 * Addresses of 127.0.0.0/8, all of which Linux answers on its loopback device without any set-up. A pod's address
 * follows from its UID, so that it is the same in each run. 127.0.0.0/23 stays free: it holds localhost, the
 * resolver stub (127.0.0.53) and Debian's name for the machine itself (127.0.1.1).
 */
export function loopbackPodAddresses(): PodAddresses {
  const taken = new Set<number>();
  return {
    lease: (pod) => {
      const start = createHash("sha256").update(pod.uid).digest().readUInt32BE(0) % CANDIDATES;
      for (let step = 0; step < CANDIDATES; step += 1) {
        const candidate = (start + step) % CANDIDATES;
        if (taken.has(candidate)) continue;
        taken.add(candidate);
        let held = true;
        return {
          address: addressOf(candidate),
          [Symbol.dispose]: () => {
            if (held) taken.delete(candidate);
            held = false;
          },
        };
      }
      throw new KrustletError(
        "CapacityExceeded",
        `pod ${pod.namespace}/${pod.name}: no address is left for it`,
      );
    },
  };
}

const PER_BLOCK = 254;
/** 127.0.2.x to 127.255.255.x, last byte 1 to 254. */
const CANDIDATES = (256 * 256 - 2) * PER_BLOCK;

function addressOf(candidate: number): string {
  const block = Math.floor(candidate / PER_BLOCK) + 2;
  return `127.${block >> 8}.${block & 255}.${(candidate % PER_BLOCK) + 1}`;
}
