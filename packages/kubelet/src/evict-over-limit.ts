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
  excessOf: () => Promise<string | undefined>,
): Observable<PodEvent> {
  const measured = async (): Promise<string | undefined> => {
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
      const message = await context.shared.measures(measured, { signal });
      if (signal.aborted) return;
      if (message === undefined) continue;
      const why = { reason: "Evicted", message, gracePeriodSeconds: GRACE_SECONDS, disruption: false };
      emit({ type: "evicted", at: clock.now(), ...why });
      return;
    }
  });
}
