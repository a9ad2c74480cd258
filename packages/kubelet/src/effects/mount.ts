import { rmdirSync } from "node:fs";
import { dirname } from "node:path";

import { messageOf, mountMessageOf } from "../failure-reason.ts";
import { containersDirOf } from "../pod-paths.ts";
import { removeTree } from "../remove-tree.ts";
import { runtimeOf } from "./admit.ts";
import type { Effect } from "./effect.ts";

/** Makes the pod's volumes, once it is known what runs its containers. */
export const mount: Effect<"mount"> = async (context, _action, signal) => {
  const { kubelet, pod, key } = context;
  const handler = runtimeOf(context);
  if (handler.found !== "runtime") {
    // Its RuntimeClass may yet be made, or come back as another one.
    const reason = "FailedCreatePodSandBox";
    return { type: "mountFailed", at: context.now(), message: handler.message, retryable: true, reason };
  }
  const earlier = context.mounting;
  const mounting = (async () => {
    // An attempt that was cancelled is undone before the next one begins.
    await earlier;
    return context.shared.mounts(() => kubelet.volumes.mount(pod, { signal }), { signal });
  })();
  context.mounting = mounting.catch(() => undefined);
  try {
    await mounting;
    context.takenUp = false;
    return { type: "mounted", at: context.now() };
  } catch (error) {
    // A driver may have left something of it that a later attempt takes up, or the pod's end undoes.
    context.takenUp = true;
    if (signal.aborted) return undefined;
    context.outputs.fail({ pod: key, action: "mount", error });
    return { type: "mountFailed", at: context.now(), message: mountMessageOf(error), retryable: true };
  }
};

/** Undoes them, and gives back the pod's devices and address. */
export const unmount: Effect<"unmount"> = async (context) => {
  const { kubelet, key } = context;
  try {
    await kubelet.devices?.release(key.uid);
    const volumes = await context.mounting;
    if (volumes !== undefined) await volumes[Symbol.asyncDispose]();
    else if (context.takenUp) await kubelet.leftVolumes?.remove(key.uid);
    context.takenUp = false;
    context.mounting = Promise.resolve(undefined);
    const containers = containersDirOf(kubelet.rootDir, key);
    await removeTree(containers);
    removeEmpty(dirname(containers));
    context.address?.[Symbol.dispose]();
    context.address = undefined;
    return { type: "unmounted", at: context.now() };
  } catch (error) {
    context.outputs.fail({ pod: key, action: "unmount", error });
    return { type: "unmountFailed", at: context.now(), message: messageOf(error) };
  }
};

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It has volumes in it that outlive the pod, or is not there.
  }
}
