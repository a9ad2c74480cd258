import { podKeyOf } from "./container-plan.ts";
import type { SourceChange } from "./kubelet-init.ts";

/** Watches what sources tell, until all of them have told everything. */
export interface SourceSync {
  /** A change of the source of this number. */
  told(source: number, change: SourceChange): void;
}

/** Calls back once, when the last of so many sources is synced, with the UIDs of all pods that were told till then. */
export function createSourceSync(sources: number, onSynced: (uids: ReadonlySet<string>) => void): SourceSync {
  const waiting = new Set(Array.from({ length: sources }, (_, index) => index));
  const uids = new Set<string>();
  return {
    told: (source, change) => {
      if (waiting.size === 0) return;
      if (change.type !== "synced") {
        uids.add(podKeyOf(change.pod).uid);
        return;
      }
      waiting.delete(source);
      if (waiting.size === 0) onSynced(uids);
    },
  };
}
