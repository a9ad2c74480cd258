import type { Cancellable } from "@krustlet/interface";

import type { CsiCluster, CsiNodeDriver } from "./cluster.ts";
import { planCsiNode } from "./plan-csi-node.ts";
import type { CsiNodeOwner } from "./plan-csi-node.ts";

/** How often another writer may come between. */
const TRIES = 5;

/**
 * Brings the node's CSINode to say that there is that driver (or, `undefined`, none of that name). Rejects as the
 * calls of {@link CsiCluster} do.
 */
export async function putCsiNode(
  cluster: CsiCluster,
  owner: CsiNodeOwner,
  name: string,
  driver: CsiNodeDriver | undefined,
  options: Cancellable = {},
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const existing = await cluster.getCsiNode(owner.name, options);
    const wanted = planCsiNode(existing, owner, name, driver);
    if (wanted === undefined) return;
    try {
      if (existing === undefined) await cluster.createCsiNode(wanted, options);
      else await cluster.updateCsiNode(owner.name, wanted, options);
      return;
    } catch (error) {
      // Another driver's registration was quicker: look again.
      if (!isConflict(error) || tries === TRIES) throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === 409;
}
