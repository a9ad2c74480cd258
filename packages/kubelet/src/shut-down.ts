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
    await within(clock, shutdownGracePeriodSeconds * 1000, () => allEnded(shared, group));
  }
  await within(clock, LAST_STATUSES_MS, async () => {
    await Promise.all(living.map(({ context }) => context.outputs.statusWritten()));
  });
}

/** Resolves when none of `group` runs any more. */
async function allEnded(shared: SharedParts, group: readonly LivingPod[]): Promise<void> {
  while (!group.every(({ state }) => hasEnded(state))) await shared.nextStep();
}

async function within(clock: Clock, ms: number, work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const limit = clock.sleep(ms, { signal: over.signal }).catch(() => undefined);
  await Promise.race([work(), limit]);
  over.abort();
}
