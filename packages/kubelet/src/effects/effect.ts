import type { PodAction, PodEvent } from "@krustlet/pod-machine";

import type { PodContext } from "../pod-context.ts";

/** The action of one kind. */
export type ActionOf<D extends PodAction["do"]> = Extract<PodAction, { readonly do: D }>;

/** Does what an action says and tells what came of it. May reject only when `signal` is aborted. */
export type Effect<D extends PodAction["do"]> = (
  context: PodContext,
  action: ActionOf<D>,
  signal: AbortSignal,
) => Promise<PodEvent | undefined>;
