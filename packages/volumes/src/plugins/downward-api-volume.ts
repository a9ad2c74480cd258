import { payloadOf } from "../payload.ts";
import type { VolumePlugin } from "../volume-plugin.ts";
import { downwardFiles } from "./downward-files.ts";
import { payloadVolume } from "./payload-volume.ts";

/** `downwardAPI`: the Pod's own fields, and its containers' resources, as files. */
export const downwardApiVolume: VolumePlugin = {
  kind: "downwardAPI",
  directoryName: "kubernetes.io~downward-api",
  prepare(place, context, options) {
    const { where, volume } = place;
    const { items, defaultMode } = volume.downwardAPI ?? {};
    return payloadVolume(place, context, options, async (pod) =>
      payloadOf(downwardFiles(items, { pod, node: context.nodeOf(pod), defaultMode, where }), where),
    );
  },
};
