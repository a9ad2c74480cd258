import { payloadOf } from "../payload.ts";
import type { VolumePlugin } from "../volume-plugin.ts";
import { fetchConfigMap } from "./fetch-files.ts";
import { payloadVolume } from "./payload-volume.ts";

/** `configMap`: a file for each key, or for each of `items`. */
export const configMapVolume: VolumePlugin = {
  kind: "configMap",
  directoryName: "kubernetes.io~configmap",
  prepare(place, context, options) {
    const { where, volume } = place;
    const source = volume.configMap ?? {};
    const { objects } = context;
    return payloadVolume(place, context, options, async (pod, { signal }) => {
      const init = { pod, objects, defaultMode: source.defaultMode, where, signal };
      return payloadOf(await fetchConfigMap(source, init), where);
    });
  },
};
