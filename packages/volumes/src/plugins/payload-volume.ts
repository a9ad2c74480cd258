import type { Cancellable } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

import { makeDirectory } from "../beneath.ts";
import type { Payload } from "../payload.ts";
import type { MadeVolume, VolumeContext, VolumePlace } from "../volume-plugin.ts";
import { writePayload } from "../write-payload.ts";

/** Files of a volume, fetched anew at each call. */
export type Collect = (pod: V1Pod, options: Cancellable) => Promise<Payload>;

/** The common part of volumes that Krustlet writes: read-only to guests, brought up to date in one step. */
export async function payloadVolume(
  { pod, directory }: VolumePlace,
  { now }: VolumeContext,
  options: Cancellable,
  collect: Collect,
): Promise<() => Promise<MadeVolume>> {
  const first = await collect(pod, options);
  return async () => {
    await makeDirectory(directory, 0o755);
    await writePayload(directory, first, now());
    return {
      path: directory,
      kind: "directory",
      readOnly: true,
      isLocal: true,
      refresh: async (newer, refreshOptions) => {
        await writePayload(directory, await collect(newer, refreshOptions), now());
      },
    };
  };
}
