import { KrustletError } from "@krustlet/interface";
import type { Cancellable, Clock } from "@krustlet/interface";

import type { CsiDriver } from "./csi-driver.ts";

/** The drivers that are registered, by name. */
export class DriverRegistry {
  readonly #drivers = new Map<string, CsiDriver>();
  readonly #waiting = new Set<() => void>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(name: string): CsiDriver | undefined {
    return this.#drivers.get(name);
  }

  add(driver: CsiDriver): void {
    this.#drivers.set(driver.name, driver);
    for (const wake of this.#waiting) wake();
  }

  /** Forgets the driver, unless another one has its name by now. */
  remove(driver: CsiDriver): void {
    if (this.#drivers.get(driver.name) === driver) this.#drivers.delete(driver.name);
  }

  /**
   * The driver of that name; one that is not there yet is waited for, since pods and drivers come back together when a
   * node is started again.
   * @throws KrustletError `VolumeFailed`, retryable, after `waitMs`.
   */
  async demand(name: string, waitMs: number, { signal }: Cancellable = {}): Promise<CsiDriver> {
    const late = new AbortController();
    const timer = this.#clock.sleep(waitMs, { signal: late.signal }).then(
      () => "late" as const,
      () => "late" as const,
    );
    const abort = (): void => late.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      for (;;) {
        signal?.throwIfAborted();
        const driver = this.#drivers.get(name);
        if (driver !== undefined) return driver;
        const change = Promise.withResolvers<void>();
        this.#waiting.add(change.resolve);
        const ended = await Promise.race([change.promise, timer]);
        this.#waiting.delete(change.resolve);
        if (ended !== "late") continue;
        signal?.throwIfAborted();
        const message = `driver name ${name} not found in the list of registered CSI drivers`;
        throw new KrustletError("VolumeFailed", message, { retryable: true });
      }
    } finally {
      late.abort();
      signal?.removeEventListener("abort", abort);
    }
  }
}
