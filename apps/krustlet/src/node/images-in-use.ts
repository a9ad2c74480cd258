import type { V1Pod } from "@kubernetes/client-node";

/** Pure: the ids of images that pods run, or will run again: those of pods that have not ended. */
export function imagesInUse(pods: readonly V1Pod[]): readonly string[] {
  const going = pods.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
  const ids = going.flatMap(({ status }) =>
    [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map(
      ({ imageID }) => imageID,
    ),
  );
  return [...new Set(ids)].filter((id) => id !== "");
}
