import { readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { StoreLayout } from "./layout.ts";
import { leasedByOthers } from "./lease.ts";
import type { Owner } from "./owner.ts";
import { DEFAULT_COLLECTION, isTooFull, planCollection } from "./plan-collection.ts";
import type { CollectionPolicy, DiskUse } from "./plan-collection.ts";
import type { Records, UsedRecord } from "./records.ts";
import { KEEP_PARTIALS } from "./workspace.ts";
import type { Workspace } from "./workspace.ts";

/** Options of a collection. */
export interface CollectOptions extends Partial<CollectionPolicy> {
  /** Digests, image ids or canonical references of what runs now. */
  readonly inUse?: Iterable<string>;
}

/** What a collection did. */
export interface Collected {
  /** Canonical references that were forgotten. */
  readonly removed: readonly string[];
  /** Bytes of the files that were deleted. */
  readonly freed: number;
  /** Bytes that had to be freed to get below the threshold, and could not be. */
  readonly missing: number;
}

/** What {@link collectGarbage} works on. */
export interface CollectInit {
  readonly layout: StoreLayout;
  readonly owner: Owner;
  readonly records: Records;
  readonly now: Date;
  /** Paths for what is on its way out. */
  readonly fresh: (kind: string) => string;
  /** {@link Workspace.prune}. */
  readonly prune: Workspace["prune"];
  /** What this store is in the middle of fetching. */
  readonly held: () => ReadonlySet<string>;
  /** Default: `statfs` of the store's directory. */
  readonly diskUse?: (directory: string) => Promise<DiskUse>;
}

/** Forgets the images that {@link planCollection} names, and deletes what no image needs any more and what broken pulls left. */
export async function collectGarbage(init: CollectInit, options: CollectOptions = {}): Promise<Collected> {
  const { layout, records, now } = init;
  const { inUse, ...given } = options;
  const policy: CollectionPolicy = { ...DEFAULT_COLLECTION, ...given };
  const used = new Set(inUse);
  const leased = await leasedByOthers(layout, init.owner);
  const all = await records.list();
  const images = await Promise.all(
    all.map(async ({ record, lastUsedAt }) => ({
      name: record.name,
      lastUsedAt,
      pulledAt: new Date(record.pulledAt),
      inUse: namesOf({ record, lastUsedAt }).some((name) => used.has(name) || leased.has(name)),
      contents: await contentsOf({ record, lastUsedAt }, layout),
    })),
  );
  const diskUse = init.diskUse ?? diskUseOf;
  let disk = await diskUse(layout.root);
  // What nobody may ever go on with goes before what somebody may run again.
  const begun = await init.prune(now, policy.all || isTooFull(disk, policy) ? 0 : KEEP_PARTIALS);
  if (begun > 0) disk = await diskUse(layout.root);
  const plan = planCollection(images, disk, now, policy);
  const removed: string[] = [];
  for (const name of plan.remove) {
    // Used since the plan was made: then it stays.
    const before = images.find((image) => image.name === name)?.lastUsedAt.getTime();
    const current = await records.usedAt(name);
    if (current !== undefined && current.getTime() !== before) continue;
    await records.remove(name);
    removed.push(name);
  }
  const freed = await sweepContent(init, new Set([...used, ...leased]), policy.minAge);
  return { removed, freed: begun + freed, missing: plan.missing };
}

/** Deletes blobs and trees that no record, no user and no lease names and that are older than `minAge`. */
async function sweepContent(init: CollectInit, held: ReadonlySet<string>, minAge: number): Promise<number> {
  const { layout, records, now } = init;
  const needed = new Set(held);
  for (const used of await records.list()) for (const name of namesOf(used)) needed.add(name);
  for (const name of await leasedByOthers(layout, init.owner)) needed.add(name);
  for (const name of init.held()) needed.add(name);
  const doomed: { id: string; path: string; aside: string }[] = [];
  for (const { id, path } of await contentOnDisk(layout)) {
    if (needed.has(id)) continue;
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || now.getTime() - found.ctimeMs < minAge) continue;
    // By a rename first: a tree that is deleted file by file would pass for a whole one after a kill.
    const aside = init.fresh("doomed");
    if (await moved(path, aside)) doomed.push({ id, path, aside });
  }
  // Others take a lease first and look at the file then: whoever has seen it where it was is seen here.
  const late = new Set([...(await leasedByOthers(layout, init.owner)), ...init.held()]);
  let freed = 0;
  for (const { id, path, aside } of doomed) {
    if (late.has(id) && (await moved(aside, path))) continue;
    const found = await stat(aside).catch(() => undefined);
    freed += found?.isDirectory() === true ? await treeSize(aside) : (found?.size ?? 0);
    await rm(aside, { recursive: true, force: true });
  }
  return freed;
}

async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}

async function contentOnDisk(layout: StoreLayout): Promise<readonly { id: string; path: string }[]> {
  const content: { id: string; path: string }[] = [];
  for (const algorithm of await readdir(layout.blobs).catch(() => [])) {
    const directory = join(layout.blobs, algorithm);
    for (const hex of await readdir(directory).catch(() => [])) {
      content.push({ id: `${algorithm}:${hex}`, path: join(directory, hex) });
    }
  }
  for (const key of await readdir(layout.trees).catch(() => [])) {
    content.push({ id: key, path: join(layout.trees, key) });
  }
  return content;
}

function namesOf({ record }: UsedRecord): readonly string[] {
  const { name, repository, digest, manifestDigest, module, blobs, tree } = record;
  return [
    name,
    `${repository}@${digest}`,
    digest,
    manifestDigest,
    module.digest,
    ...blobs,
    ...(tree === undefined ? [] : [tree]),
  ];
}

async function contentsOf(
  { record }: UsedRecord,
  layout: StoreLayout,
): Promise<{ id: string; size: number }[]> {
  const blobs = await Promise.all(
    [...new Set([record.module.digest, ...record.blobs])].map(async (digest) => {
      const [algorithm = "", hex = ""] = digest.split(":");
      const found = await stat(join(layout.blobs, algorithm, hex)).catch(() => undefined);
      return { id: digest, size: found?.size ?? 0 };
    }),
  );
  if (record.tree === undefined) return blobs;
  return [...blobs, { id: record.tree, size: await treeSize(join(layout.trees, record.tree)) }];
}

async function treeSize(path: string): Promise<number> {
  let size = 0;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isFile())
      size += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return size;
}

async function diskUseOf(directory: string): Promise<DiskUse> {
  const { blocks, bsize, bavail } = await statfs(directory);
  return { capacity: blocks * bsize, available: bavail * bsize };
}
