import type { PodAction, PodEvent } from "@krustlet/pod-machine";

import { admit } from "./effects/admit.ts";
import { deleteObject } from "./effects/delete.ts";
import type { Effect } from "./effects/effect.ts";
import { mount, unmount } from "./effects/mount.ts";
import { pull } from "./effects/pull.ts";
import { start } from "./effects/start.ts";
import { kill, terminate } from "./effects/stop.ts";
import { wait } from "./effects/wait.ts";
import type { PodContext } from "./pod-context.ts";

const EFFECTS: { readonly [D in PodAction["do"]]: Effect<D> } = {
  admit,
  mount,
  pull,
  start,
  terminate,
  kill,
  unmount,
  delete: deleteObject,
  wait,
};

/**
 * Does what `action` says: the table from action to effect to event. Never rejects: an error that no effect made an
 * event of is told to `fail`, and the machine goes on (its kill deadline ends a container that cannot be stopped).
 */
export async function execute(
  context: PodContext,
  action: PodAction,
  signal: AbortSignal,
): Promise<PodEvent | undefined> {
  const effect = EFFECTS[action.do] as Effect<PodAction["do"]>;
  try {
    return await effect(context, action, signal);
  } catch (error) {
    const container = "container" in action ? action.container : undefined;
    if (!signal.aborted) context.outputs.fail({ pod: context.key, action: action.do, container, error });
    return undefined;
  }
}
