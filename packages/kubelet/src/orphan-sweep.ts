import type { PodKey } from "@krustlet/interface";

import type { KubeletInit, PodFailure } from "./kubelet-init.ts";
import { removeLeftPod } from "./left-pods.ts";
import type { LeftPods } from "./left-pods.ts";

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 300_000;

/**
 * Removes what earlier processes left of pods that are in no source any more: `wanted` are those that are. For when
 * every source has told everything; a pod that has not been told yet may still come. What cannot be removed is told, and
 * tried again until the signal is aborted. Never rejects.
 */
export async function sweepOrphans(
  kubelet: KubeletInit,
  left: LeftPods,
  wanted: ReadonlySet<string>,
  { failed, signal }: { readonly failed: (failure: PodFailure) => void; readonly signal: AbortSignal },
): Promise<void> {
  const nameless = [...left.broken.keys(), ...left.volumes]
    .filter((uid) => !left.checkpoints.has(uid))
    .map((uid) => ({ namespace: "", name: "", uid }));
  let orphans: readonly PodKey[] = [...left.checkpoints.values(), ...nameless]
    .filter(({ uid }) => !wanted.has(uid))
    .map(({ namespace, name, uid }) => ({ namespace, name, uid }));
  for (let delay = FIRST_RETRY_MS; ; delay = Math.min(delay * 2, LAST_RETRY_MS)) {
    const stay: PodKey[] = [];
    for (const pod of orphans) {
      try {
        await removeLeftPod(kubelet, pod);
      } catch (error) {
        stay.push(pod);
        failed({ pod, action: "unmount", error });
      }
    }
    if (stay.length === 0 || signal.aborted) return;
    orphans = stay;
    await kubelet.clock.sleep(delay, { signal }).catch(() => undefined);
  }
}
