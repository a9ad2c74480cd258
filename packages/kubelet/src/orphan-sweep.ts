import { podKeyOf } from "./container-plan.ts";
import type { KubeletInit, PodFailure, SourceChange } from "./kubelet-init.ts";
import { removeLeftPod } from "./left-pods.ts";
import type { LeftPods } from "./left-pods.ts";

/** Watches what the sources tell, until all of them have told everything; then removes what is nobody's. */
export interface OrphanSweep {
  /** A change of the source of this number. */
  told(source: number, change: SourceChange): void;
}

/**
 * Removes what earlier processes left of pods that are in no source any more. Nothing is removed before every source
 * has said that it is synced: a pod that has not been told yet may still come.
 */
export function createOrphanSweep(
  kubelet: KubeletInit,
  left: LeftPods,
  failed: (failure: PodFailure) => void,
): OrphanSweep {
  const waiting = new Set(kubelet.sources.keys());
  const wanted = new Set<string>();
  const sweep = async (): Promise<void> => {
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
  };
  return {
    told: (source, change) => {
      if (waiting.size === 0) return;
      if (change.type === "synced") {
        waiting.delete(source);
        if (waiting.size === 0) void sweep();
      } else wanted.add(podKeyOf(change.pod).uid);
    },
  };
}
