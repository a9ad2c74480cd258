import { storageExcessOf } from "@krustlet/eviction";
import type { PodEvent } from "@krustlet/pod-machine";
import type { Observable } from "rxjs";

import { fromAbortable } from "./from-abortable.ts";
import { measurePod } from "./measure-pod.ts";
import type { PodContext } from "./pod-context.ts";

/** How often the kubelet looks how much a pod has written to the node's disk. */
const INTERVAL_MS = 10_000;
/** The pod itself used too much: it ends at once, and for nobody else's sake. */
const GRACE_SECONDS = 1;

/** Ends a pod that has written more to the node's disk than its `limits.ephemeral-storage` say. */
export function limitStorage(context: PodContext): Observable<PodEvent> {
  return fromAbortable<PodEvent>(async (emit, signal) => {
    const { clock } = context.kubelet;
    for (;;) {
      await clock.sleep(INTERVAL_MS, { signal });
      const message = await context.shared.measures(() => excessOf(context), { signal });
      if (signal.aborted) return;
      if (message === undefined) continue;
      const why = { reason: "Evicted", message, gracePeriodSeconds: GRACE_SECONDS, disruption: false };
      emit({ type: "evicted", at: clock.now(), ...why });
      return;
    }
  });
}

async function excessOf(context: PodContext): Promise<string | undefined> {
  try {
    return storageExcessOf(context.pod, await measurePod(context, { storage: true }));
  } catch (error) {
    context.outputs.fail({ pod: context.key, action: "mount", error });
    return undefined;
  }
}
