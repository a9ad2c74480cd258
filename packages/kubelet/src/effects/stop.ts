import type { Effect } from "./effect.ts";

/** Asks a running container to stop; its `exited` is the answer. */
export const terminate: Effect<"terminate"> = async (context, action) => {
  const held = context.containers.get(action.container);
  if (held?.attempt === action.attempt) await held.running?.terminate();
  return undefined;
};

/** Ends a try: its `exited` is the answer if it ever ran, `lost` if not. */
export const kill: Effect<"kill"> = async (context, action) => {
  const { container, attempt } = action;
  const held = context.containers.get(container);
  if (held?.attempt === attempt) {
    // The start was cancelled when it left the list of actions; here it is awaited until it is undone.
    await held.begun;
    if (held.running !== undefined) {
      await held.running.kill();
      return undefined;
    }
  }
  return { type: "lost", at: context.now(), container, attempt };
};
