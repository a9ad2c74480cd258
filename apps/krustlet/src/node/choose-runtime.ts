import { handlerOf } from "@krustlet/admission";
import type { Handler, HandlerInit } from "@krustlet/admission";
import { refusalOf } from "@krustlet/manifest";
import type { V1Pod } from "@kubernetes/client-node";

/**
 * Which runtime runs a pod. One that asks for what this node does not do waits, and its Event says for what: if it failed,
 * its controller would replace it at once, without end.
 */
export function chooseRuntime(init: HandlerInit & { readonly pod: V1Pod }): Handler {
  const refusal = refusalOf(init.pod);
  if (refusal === undefined) return handlerOf(init);
  return { found: "later", message: `Failed to create pod sandbox: ${refusal}` };
}
