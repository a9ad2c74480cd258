/**
 * A content-addressed disk cache of WebAssembly images over any puller: pull policies, credential re-check, garbage
 * collection, safe against a kill at any moment and against other processes.
 *
 * @example
 * ```ts
 * import { planCollection } from "@krustlet/image-store";
 *
 * const disk = { capacity: 100e9, available: 50e9 };
 * console.log(planCollection([], disk, new Date())); // { remove: [], frees: 0, missing: 0 }
 * ```
 *
 * @packageDocumentation
 */
export type { Collected, CollectOptions } from "./collect-garbage.ts";
export { openImageStore } from "./open-image-store.ts";
export type { DirectoryImageStore, ImageStoreInit } from "./open-image-store.ts";
export { planCollection } from "./plan-collection.ts";
export type { CollectableImage, CollectionPlan, CollectionPolicy, DiskUse } from "./plan-collection.ts";
