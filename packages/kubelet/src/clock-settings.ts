import type { Clock } from "@krustlet/interface";

/** What a clock gains or loses while it is being disciplined (slewed) is no setting of it. */
const LEAST_MS = 500;

/** By how many milliseconds somebody has set the wall clock since the last call, or the making of this: 0 if nobody has. */
export function clockSettings(clock: Pick<Clock, "now" | "elapsed">): () => number {
  const offsetOf = (): number => clock.now().getTime() - clock.elapsed();
  let known = offsetOf();
  return () => {
    const offset = offsetOf();
    const setBy = Math.round(offset - known);
    if (Math.abs(setBy) < LEAST_MS) return 0;
    known = offset;
    return setBy;
  };
}
