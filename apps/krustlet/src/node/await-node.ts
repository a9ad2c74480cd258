import type { Clock } from "@krustlet/interface";
import { apiStatusOf } from "@krustlet/node";
import type { NodeClient } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";

const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 7000;

/** How {@link awaitNode} looks. */
export interface AwaitNodeOptions {
  readonly clock: Pick<Clock, "sleep">;
  readonly signal: AbortSignal;
  /** Told each look that found none, or failed. */
  readonly onWaiting: (why: unknown) => void;
}

/** The Node that somebody else creates for this machine, once it is there. */
export async function awaitNode(
  client: Pick<NodeClient, "getNode">,
  name: string,
  { clock, signal, onWaiting }: AwaitNodeOptions,
): Promise<V1Node> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LAST_WAIT_MS)) {
    try {
      return await client.getNode(name, { signal });
    } catch (error) {
      signal.throwIfAborted();
      onWaiting(apiStatusOf(error) === 404 ? undefined : error);
    }
    await clock.sleep(wait, { signal });
  }
}
