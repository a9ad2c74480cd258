import { payloadOf } from "../payload.ts";
import type { VolumePlugin } from "../volume-plugin.ts";
import { fetchSecret } from "./fetch-files.ts";
import { payloadVolume } from "./payload-volume.ts";

/** `secret`: a file for each key, or for each of `items`; decoded. */
export const secretVolume: VolumePlugin = {
  kind: "secret",
  directoryName: "kubernetes.io~secret",
  prepare(place, context, options) {
    const { where, volume } = place;
    const { secretName, items, optional, defaultMode } = volume.secret ?? {};
    const { objects } = context;
    return payloadVolume(place, context, options, async (pod, { signal }) => {
      const init = { pod, objects, defaultMode, where, signal };
      return payloadOf(await fetchSecret({ name: secretName, items, optional }, init), where);
    });
  },
};
