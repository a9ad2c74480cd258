import type { V1ContainerImage } from "@kubernetes/client-node";

/** How many images a Node lists, and how many names of each. */
const MAX_IMAGES = 50;
const MAX_NAMES = 5;

/** An image that the node has, for the list in its Node object. */
export interface NodeImage {
  /** References by digest. */
  readonly digests: readonly string[];
  /** References by tag. */
  readonly tags: readonly string[];
  readonly sizeBytes: number;
}

/** Pure: the largest fifty images, each with five names at the most, digests first. Nameless ones cannot be listed. */
export function nodeImagesOf(images: readonly NodeImage[]): V1ContainerImage[] {
  return images
    .map(({ digests, tags, sizeBytes }) => ({ names: [...digests, ...tags].slice(0, MAX_NAMES), sizeBytes }))
    .filter(({ names }) => names.length > 0)
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes || compare(a.names[0] ?? "", b.names[0] ?? ""))
    .slice(0, MAX_IMAGES);
}

/** By code units, so that two rounds over the same images give the same list. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
