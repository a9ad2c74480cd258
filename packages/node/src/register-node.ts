import type { V1Node } from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";
import { callWithin, messageOf, untilDone } from "./call-within.ts";
import type { DoerOptions } from "./doer-options.ts";
import { doingOf } from "./doer-options.ts";
import type { NodeClient } from "./node-client.ts";
import { apiStatusOf } from "./node-client.ts";
import { planNodeUpdate } from "./plan-node-update.ts";

/** How {@link registerNode} went. */
export interface RegisteredNode {
  /** The Node as the API server has it now. */
  readonly node: V1Node;
  /** False where it was there already and was brought up to date. */
  readonly created: boolean;
}

/**
 * Makes the Node known to the API server: creates it, or brings the one that is there up to date, all but its
 * conditions, whose times of transition only `reportNodeStatus` keeps. Tries again with waits that double from 100 ms
 * to 7 s until it succeeds or the signal is aborted.
 *
 * @throws KrustletError `InvalidObject` where the API server finds the Node invalid, which no retry mends; the signal's
 * reason.
 */
export async function registerNode(
  client: NodeClient,
  node: V1Node,
  options: DoerOptions = {},
): Promise<RegisteredNode> {
  const doing = doingOf(options);
  const name = node.metadata?.name ?? "";
  return untilDone(doing, { firstWait: 100, refusalOf }, createOrUpdate);

  function refusalOf(error: unknown): KrustletError | undefined {
    const status = apiStatusOf(error);
    if (status !== 400 && status !== 422) return undefined;
    const sentence = `The API server refuses the Node ${name} as invalid`;
    return new KrustletError("InvalidObject", `${sentence}: ${messageOf(error)}`, { cause: error });
  }

  async function createOrUpdate(): Promise<RegisteredNode> {
    try {
      return {
        node: await callWithin(doing, (signal) => client.createNode(node, { signal })),
        created: true,
      };
    } catch (error) {
      // Forbidden: the Node may have been created by somebody else for us to use.
      const status = apiStatusOf(error);
      if (status !== 409 && status !== 403) throw error;
      const existing = await callWithin(doing, (signal) => client.getNode(name, { signal })).catch(
        (failure: unknown) => {
          throw status === 403 && apiStatusOf(failure) === 404 ? error : failure;
        },
      );
      const { conditions: _, ...desired } = node.status ?? {};
      const patch = planNodeUpdate(existing, Object.assign({}, node, { status: desired }));
      if (patch === undefined) return { node: existing, created: false };
      const patched = await callWithin(doing, (signal) => client.patchNodeStatus(name, patch, { signal }));
      return { node: patched, created: false };
    }
  }
}
