import type { Effect } from "./effect.ts";

/** How late it may be noticed that the wall clock has been set beyond a deadline. */
const LOOK_MS = 10_000;

/** Sleeps until a back-off, a grace period or a deadline is over. */
export const wait: Effect<"wait"> = async (context, action, signal) => {
  const { clock } = context.kubelet;
  const left = (): number => Math.max(0, action.until.getTime() - clock.now().getTime());
  if (action.wallClock) {
    do await clock.sleep(Math.min(left(), LOOK_MS), { signal });
    while (left() > 0);
  } else {
    await clock.sleep(left(), { signal });
  }
  // The time has come, though the wall clock was set back meanwhile.
  return { type: "woke", at: new Date(Math.max(clock.now().getTime(), action.until.getTime())) };
};
