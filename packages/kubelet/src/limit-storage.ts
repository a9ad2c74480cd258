import { storageExcessOf } from "@krustlet/eviction";
import type { PodEvent } from "@krustlet/pod-machine";
import type { Observable } from "rxjs";

import { evictOverLimit } from "./evict-over-limit.ts";
import { measurePod } from "./measure-pod.ts";
import type { PodContext } from "./pod-context.ts";

/** How often the kubelet looks how much a pod has written to the node's disk. */
const INTERVAL_MS = 10_000;

/** Ends a pod that has written more to the node's disk than its `limits.ephemeral-storage` say. */
export function limitStorage(context: PodContext): Observable<PodEvent> {
  return evictOverLimit(context, INTERVAL_MS, async () =>
    storageExcessOf(context.pod, await measurePod(context, { storage: true })),
  );
}
