import type { StorageExcess } from "@krustlet/eviction";
import type { PodEvent } from "@krustlet/pod-machine";
import type { Observable } from "rxjs";

import { fromAbortable } from "./from-abortable.ts";
import type { PodContext } from "./pod-context.ts";

/** The pod itself used too much: it ends at once, and for nobody else's sake. */
const GRACE_SECONDS = 1;

/**
 * Looks now and then whether a pod uses more than it may, and ends it once `excessOf` says what is too much. What cannot be
 * measured is told, and looked at again.
 */
export function evictOverLimit(
  context: PodContext,
  intervalMs: number,
  excessOf: () => Promise<StorageExcess | undefined>,
): Observable<PodEvent> {
  const measured = async (): Promise<StorageExcess | undefined> => {
    try {
      return await excessOf();
    } catch (error) {
      context.outputs.fail({ pod: context.key, action: "mount", error });
      return undefined;
    }
  };
  return fromAbortable<PodEvent>(async (emit, signal) => {
    const { clock } = context.kubelet;
    for (;;) {
      await clock.sleep(intervalMs, { signal });
      const excess = await context.shared.measures(measured, { signal });
      if (signal.aborted) return;
      if (excess === undefined) continue;
      const why = { ...excess, reason: "Evicted", gracePeriodSeconds: GRACE_SECONDS, disruption: false };
      emit({ type: "evicted", at: clock.now(), ...why });
      return;
    }
  });
}
