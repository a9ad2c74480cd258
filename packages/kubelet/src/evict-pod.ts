import { within } from "@krustlet/clock";
import { logDirOf } from "@krustlet/cri-log";
import type { Cancellable, Clock } from "@krustlet/interface";

import { removeTree } from "./remove-tree.ts";
import type { LivingPod, SharedParts } from "./shared-parts.ts";

/** Why the node ends a pod, and how. */
export interface Eviction {
  /** The pod's `status.reason`, and that of the Event: `Evicted`, `Preempting`. */
  readonly reason: string;
  readonly message: string;
  readonly gracePeriodSeconds: number;
  /** What metrics count it as. Default: they do not. */
  readonly signal?: string;
  /** Of the Event. Default: none. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Whether its logs go as well, because the node needs their place on the disk. Default: false. */
  readonly removeLogs?: boolean;
}

/** How long a pod may take to be cleaned up when its grace period is over, before nobody waits for it any more. */
const CLEANUP_MS = 30_000;

/**
 * Ends a pod for the node's sake. Resolves when nothing of it is left but its status, its volumes being gone as well, or
 * it takes too long; for a pod that is not there, or has ended, at once. Rejects with the signal's reason alone.
 */
export async function evictPod(
  living: LivingPod | undefined,
  eviction: Eviction,
  parts: { readonly shared: SharedParts; readonly clock: Clock; readonly rootDir: string },
  { signal }: Cancellable = {},
): Promise<void> {
  if (living === undefined || isOver(living)) return;
  const { shared, clock, rootDir } = parts;
  const { removeLogs = false, ...why } = eviction;
  const { context } = living;
  context.outputs.emit({ type: "evicted", at: context.now(), ...why });
  const ms = why.gracePeriodSeconds * 1000 + CLEANUP_MS;
  await within({ clock, ms, signal, late: () => undefined }, async (late) => {
    while (!isOver(living) && !late.aborted) await shared.nextStep();
  });
  if (!removeLogs || !isOver(living)) return;
  await removeTree(logDirOf(rootDir, context.key)).catch((error: unknown) =>
    context.outputs.fail({ pod: context.key, action: "unmount", error }),
  );
}

function isOver({ state }: LivingPod): boolean {
  return state?.name === "Finished" || state?.name === "Gone";
}
