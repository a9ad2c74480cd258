/** When images are collected, as the kubelet's `imageGC*` fields have it. */
export interface CollectionPolicy {
  /** Percent of the disk in use above which images go. Default 85. */
  readonly highThresholdPercent: number;
  /** Percent of the disk in use down to which they go. Default 80. */
  readonly lowThresholdPercent: number;
  /** Nothing younger than this many ms goes. Default 2 minutes. */
  readonly minAge: number;
  /** An image that was not used for this many ms goes in any case. Default 0: never for that reason alone. */
  readonly maxAge: number;
  /** Every image that is not in use goes, however full the disk is. Default false. */
  readonly all: boolean;
}

/** {@link CollectionPolicy}'s defaults, which are the kubelet's. */
export const DEFAULT_COLLECTION: CollectionPolicy = {
  highThresholdPercent: 85,
  lowThresholdPercent: 80,
  minAge: 120_000,
  maxAge: 0,
  all: false,
};

/** What the plan needs to know of an image. */
export interface CollectableImage {
  /** Canonical reference. */
  readonly name: string;
  readonly lastUsedAt: Date;
  readonly pulledAt: Date;
  readonly inUse: boolean;
  /** What it needs on disk, and how many bytes that is. Shared content has the same id. */
  readonly contents: readonly { readonly id: string; readonly size: number }[];
}

/** The state of the disk, in bytes. */
export interface DiskUse {
  readonly capacity: number;
  readonly available: number;
}

/** What to remove, oldest use first. */
export interface CollectionPlan {
  readonly remove: readonly string[];
  /** Bytes that this is expected to free. */
  readonly frees: number;
  /** Bytes that should have been freed and cannot be; 0 when the plan is enough. */
  readonly missing: number;
}

/** Whether a disk is fuller than the high threshold. */
export function isTooFull({ capacity, available }: DiskUse, policy: CollectionPolicy): boolean {
  return capacity > 0 && (capacity - available) * 100 >= policy.highThresholdPercent * capacity;
}

/**
 * Which images to remove: those unused for longer than `maxAge`, then, if the disk is fuller than the high threshold, the
 * least recently used until it would be at the low one. Images in use, and younger than `minAge`, stay. Content that a
 * staying image needs too counts as freeing nothing. Pure.
 */
export function planCollection(
  images: readonly CollectableImage[],
  disk: DiskUse,
  now: Date,
  policy: CollectionPolicy = DEFAULT_COLLECTION,
): CollectionPlan {
  const used = disk.capacity - disk.available;
  const goal = isTooFull(disk, policy)
    ? Math.max(0, used - Math.floor((disk.capacity * policy.lowThresholdPercent) / 100))
    : 0;

  const users = new Map<string, number>();
  for (const { contents } of images) {
    for (const id of new Set(contents.map((content) => content.id))) users.set(id, (users.get(id) ?? 0) + 1);
  }
  const age = (since: Date): number => now.getTime() - since.getTime();
  const candidates = images
    .filter(
      (image) =>
        !image.inUse && age(image.pulledAt) >= policy.minAge && age(image.lastUsedAt) >= policy.minAge,
    )
    .toSorted(
      (a, b) =>
        a.lastUsedAt.getTime() - b.lastUsedAt.getTime() || a.pulledAt.getTime() - b.pulledAt.getTime(),
    );

  const remove: string[] = [];
  let frees = 0;
  for (const image of candidates) {
    const tooOld = policy.maxAge > 0 && age(image.lastUsedAt) > policy.maxAge;
    if (!tooOld && !policy.all && frees >= goal) continue;
    remove.push(image.name);
    const contents = new Map(image.contents.map((content) => [content.id, content.size]));
    for (const [id, size] of contents) {
      const left = (users.get(id) ?? 1) - 1;
      users.set(id, left);
      if (left === 0) frees += size;
    }
  }
  return { remove, frees, missing: Math.max(0, goal - frees) };
}
