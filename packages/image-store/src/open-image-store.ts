import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock, ImagePuller, ImageStore, StoredImage, WasmImage } from "@krustlet/interface";
import { readSalt } from "./access.ts";
import { collectGarbage } from "./collect-garbage.ts";
import type { Collected, CollectOptions } from "./collect-garbage.ts";
import { createContent } from "./content.ts";
import { diskError } from "./durable-file.ts";
import { ensureImage } from "./ensure-image.ts";
import type { EnsureInit } from "./ensure-image.ts";
import { imageOf } from "./image-record.ts";
import { importFile } from "./import-file.ts";
import { isDigest, layoutOf } from "./layout.ts";
import { openLease } from "./lease.ts";
import { newOwner } from "./owner.ts";
import type { DiskUse } from "./plan-collection.ts";
import { createRecords } from "./records.ts";
import { sizeAt } from "./size-at.ts";
import { createSingleFlight } from "./single-flight.ts";
import { createFileVerifier } from "./verify-file.ts";
import { openWorkspace } from "./workspace.ts";

/** Options of {@link openImageStore}. */
export interface ImageStoreInit {
  /** Made if it is not there. Several processes may have it open. */
  readonly directory: string;
  /**
   * Where images come from, or what makes it: that is called when the first reference is, so that a program that only runs
   * files need not load a puller. The store does not dispose of it.
   */
  readonly puller: ImagePuller | (() => ImagePuller | Promise<ImagePuller>);
  readonly clock?: Pick<Clock, "now">;
  /** Default: `statfs`. */
  readonly diskUse?: (directory: string) => Promise<DiskUse>;
}

/** An {@link ImageStore} in a directory. Dispose of it when nothing runs from it any more. */
export interface DirectoryImageStore extends ImageStore, AsyncDisposable {
  /** The image of a `.wasm` file. @throws KrustletError `ImageNotFound`, `InvalidModule`, `NoSpace`. */
  importFile(path: string): Promise<WasmImage>;
  /** Removes images by age and disk use, and what no image needs. What other processes use stays. */
  collectGarbage(options?: CollectOptions): Promise<Collected>;
}

/**
 * Opens the store in a directory: content by digest, one record per reference, everything written beside its place and
 * renamed into it. A process may be killed at any moment, and any number of processes may use the directory.
 * @throws KrustletError `NoSpace`; errors of the file system as they are.
 */
export async function openImageStore(init: ImageStoreInit): Promise<DirectoryImageStore> {
  const layout = layoutOf(resolve(init.directory));
  const clock = init.clock ?? { now: () => new Date() };
  const owner = newOwner();
  try {
    await mkdir(layout.root, { recursive: true, mode: 0o700 });
    await mkdir(layout.leases, { recursive: true });
    const workspace = await openWorkspace(layout, owner, clock.now());
    const lease = openLease(layout, owner, workspace.fresh);
    const shared = { layout, workspace, lease, verifier: createFileVerifier() };
    const records = createRecords(layout, workspace.fresh);
    let pending = 0;
    let puller: Promise<ImagePuller> | undefined;
    let salt: Promise<Buffer> | undefined;
    const ensureInit: EnsureInit = {
      layout,
      clock,
      records,
      puller: () =>
        (puller ??= Promise.resolve(typeof init.puller === "function" ? init.puller() : init.puller)),
      content: createContent(shared),
      salt: () => (salt ??= readSalt(layout.salt, workspace.fresh)),
      flights: createSingleFlight(),
    };
    return {
      async ensure(reference, options) {
        pending += 1;
        try {
          return await ensureImage(reference, options, ensureInit);
        } finally {
          pending -= 1;
        }
      },
      importFile: (path) => importFile(path, shared),
      async list() {
        const all = await records.list();
        const complete = await Promise.all(
          all.map(async ({ record, lastUsedAt }): Promise<StoredImage[]> => {
            const image = imageOf(record, layout);
            // A look only: what is listed is not held, and is verified when it is used.
            const size = await sizeAt(image.module.path);
            const whole =
              size === record.module.size && (await sizeAt(image.rootfs ?? layout.root)) !== undefined;
            return whole ? [{ image, pulledAt: new Date(record.pulledAt), lastUsedAt }] : [];
          }),
        );
        return complete.flat().toSorted((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime());
      },
      async remove(reference) {
        const names = await namesToRemove(reference, ensureInit);
        for (const name of names) await records.remove(name);
        return names.length > 0;
      },
      collectGarbage: (options) =>
        collectGarbage(
          {
            layout,
            owner,
            records,
            now: clock.now(),
            fresh: workspace.fresh,
            prune: (now, age) => workspace.prune(now, age),
            // What is being pulled has no record yet.
            held: () => (pending > 0 ? lease.items : new Set()),
            ...(init.diskUse ? { diskUse: init.diskUse } : {}),
          },
          options,
        ),
      async [Symbol.asyncDispose]() {
        await lease[Symbol.asyncDispose]();
        await workspace[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    throw diskError(error, layout.root);
  }
}

async function namesToRemove(reference: string, init: EnsureInit): Promise<readonly string[]> {
  const all = await init.records.list();
  if (isDigest(reference)) {
    return all
      .filter(({ record }) => [record.digest, record.manifestDigest].includes(reference))
      .map(({ record }) => record.name);
  }
  const { name } = (await init.puller()).nameOf(reference);
  return all.filter(({ record }) => record.name === name).map(({ record }) => record.name);
}
