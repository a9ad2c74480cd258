import type { EnsuredImage, PullProgress } from "@krustlet/interface";
import { pullPolicyOf } from "@krustlet/pod-machine";

import { messageOf, pullFailureOf } from "../failure-reason.ts";
import { pullCredentials } from "../pull-credentials.ts";
import type { Effect } from "./effect.ts";

/** Ensures a container's image. */
export const pull: Effect<"pull"> = async (context, action, signal) => {
  const { kubelet, key } = context;
  const { container, attempt } = action;
  try {
    const spec = context.containerSpec(container);
    const began = kubelet.clock.elapsed();
    let asked = false;
    const onPull = (): void => {
      asked = true;
      context.outputs.emit({ type: "pulling", at: context.now(), container, attempt });
    };
    const onProgress = (progress: PullProgress): void => kubelet.onPullProgress?.(progress);
    const ensure = async (): Promise<EnsuredImage> =>
      kubelet.images.ensure(action.image, {
        policy: pullPolicyOf(spec.imagePullPolicy, action.image),
        credentials: await pullCredentials(context, signal),
        onPull,
        onProgress,
        signal,
      });
    const slots = context.shared.pullsFrom(action.image.split("/", 1)[0] ?? "");
    const { image, duration } = await slots(ensure, { signal });
    const waitedMs = Math.max(0, kubelet.clock.elapsed() - began - duration);
    context.images.set(container, image);
    return {
      type: "pulled",
      at: context.now(),
      container,
      attempt,
      imageID: image.imageID,
      pull: asked ? { durationMs: duration, waitedMs, bytes: image.size } : undefined,
    };
  } catch (error) {
    if (signal.aborted) return undefined;
    context.outputs.fail({ pod: key, action: "pull", container, error });
    const reason = pullFailureOf(error);
    return { type: "pullFailed", at: context.now(), container, attempt, reason, message: messageOf(error) };
  }
};
