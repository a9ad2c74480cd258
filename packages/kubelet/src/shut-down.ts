import { within } from "@krustlet/clock";
import type { Clock } from "@krustlet/interface";

import { planShutdown } from "./plan-shutdown.ts";
import type { ShutdownPeriod } from "./plan-shutdown.ts";
import { hasEnded } from "./shared-parts.ts";
import type { LivingPod, SharedParts } from "./shared-parts.ts";

/** The kubelet's words for it. */
const REASON = "Terminated";
const MESSAGE = "Pod was terminated in response to imminent node shutdown.";
/** How long the last statuses may take once everything has ended. */
const LAST_STATUSES_MS = 5000;

/**
 * Ends all pods because the node goes down, those of the lowest priority first; each has at most its own grace period
 * and its group's. Resolves when all have ended and said so, or had the time for it. Never rejects.
 */
export async function shutDown(
  shared: SharedParts,
  periods: readonly ShutdownPeriod[],
  clock: Clock,
): Promise<void> {
  shared.shuttingDown = true;
  const living = [...shared.pods.values()].filter(({ state }) => !hasEnded(state));
  const byPod = new Map(living.map((each) => [each.context.pod, each]));
  for (const { pods, shutdownGracePeriodSeconds } of planShutdown([...byPod.keys()], periods)) {
    const group = pods.flatMap((pod) => byPod.get(pod) ?? []);
    for (const { context } of group) {
      const own = context.pod.spec?.terminationGracePeriodSeconds ?? 30;
      const gracePeriodSeconds = Math.min(own, shutdownGracePeriodSeconds);
      const at = context.now();
      context.outputs.emit({ type: "evicted", at, reason: REASON, message: MESSAGE, gracePeriodSeconds });
    }
    const ms = shutdownGracePeriodSeconds * 1000;
    await within({ clock, ms, late }, (signal) => allEnded(shared, group, signal));
  }
  await within({ clock, ms: LAST_STATUSES_MS, late }, async () => {
    await Promise.all(living.map(({ context }) => context.outputs.statusWritten()));
  });
}

/** Resolves when none of `group` runs any more, or nobody waits for that. */
async function allEnded(
  shared: SharedParts,
  group: readonly LivingPod[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && !group.every(({ state }) => hasEnded(state))) await shared.nextStep();
}

/** What was not done in its time is left to whoever disposes the kubelet. */
const late = (): void => undefined;
