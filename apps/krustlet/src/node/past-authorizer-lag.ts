import type { Cancellable, Clock } from "@krustlet/interface";
import { apiStatusOf } from "@krustlet/node";

/** Milliseconds before each further try. */
const WAITS_MS = [25, 50, 100, 200, 400];

/**
 * Calls for something that a node may have because a pod on it needs it. The API server's authorizer learns of a pod's node
 * a moment after the node does, and says 403 until then: that is tried again within a second, not told.
 */
export async function pastAuthorizerLag<T>(
  call: () => Promise<T>,
  clock: Pick<Clock, "sleep">,
  { signal }: Cancellable = {},
): Promise<T> {
  for (const wait of WAITS_MS) {
    try {
      return await call();
    } catch (error) {
      if (apiStatusOf(error) !== 403) throw error;
      await clock.sleep(wait, { signal });
    }
  }
  return call();
}
