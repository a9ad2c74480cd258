import { messageOf } from "../failure-reason.ts";
import type { Effect } from "./effect.ts";

/** Deletes the object of a pod of which nothing is left, once its last status has landed. */
export const deleteObject: Effect<"delete"> = async (context, _action, signal) => {
  const { kubelet, pod, key } = context;
  const { deletePod } = kubelet;
  // Without an API server there is no object beside the one in the source.
  if (deletePod === undefined) return { type: "deleted", at: context.now(), gracePeriodSeconds: 0 };
  try {
    await context.outputs.statusWritten();
    signal.throwIfAborted();
    // Finalizers may keep the object; whoever watches it tells when it is gone.
    await deletePod(pod, { gracePeriodSeconds: 0, signal });
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    context.outputs.fail({ pod: key, action: "delete", error });
    return { type: "deleteFailed", at: context.now(), message: messageOf(error) };
  }
};
