import type { Effect } from "./effect.ts";

/** Sleeps until a back-off or a grace period is over. */
export const wait: Effect<"wait"> = async (context, action, signal) => {
  const { clock } = context.kubelet;
  const ms = Math.max(0, action.until.getTime() - clock.now().getTime());
  await clock.sleep(ms, { signal });
  // The time has come, though the wall clock was set back meanwhile.
  return { type: "woke", at: new Date(Math.max(clock.now().getTime(), action.until.getTime())) };
};
