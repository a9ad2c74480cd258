import type { KubeletInit, PodFailure } from "./kubelet-init.ts";
import { removeLeftPod } from "./left-pods.ts";
import type { LeftPods } from "./left-pods.ts";

/**
 * Removes what earlier processes left of pods that are in no source any more: `wanted` are those that are. For when
 * every source has told everything; a pod that has not been told yet may still come. Never rejects.
 */
export async function sweepOrphans(
  kubelet: KubeletInit,
  left: LeftPods,
  wanted: ReadonlySet<string>,
  failed: (failure: PodFailure) => void,
): Promise<void> {
  const broken = [...left.broken.keys()].map((uid) => ({ namespace: "", name: "", uid }));
  for (const pod of [...left.checkpoints.values(), ...broken]) {
    if (wanted.has(pod.uid)) continue;
    try {
      await removeLeftPod(kubelet, pod);
    } catch (error) {
      const { namespace, name, uid } = pod;
      failed({ pod: { namespace, name, uid }, action: "unmount", error });
    }
  }
}
