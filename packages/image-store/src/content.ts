import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KrustletError } from "@krustlet/interface";
import type { PullTarget } from "@krustlet/interface";
import { diskError, publishFile } from "./durable-file.ts";
import { blobPathOf, isDigest } from "./layout.ts";
import type { StoreLayout } from "./layout.ts";
import type { Lease } from "./lease.ts";
import { sizeAt } from "./size-at.ts";
import type { FileVerifier } from "./verify-file.ts";
import type { Workspace } from "./workspace.ts";

/** What {@link createContent} is made of. */
export interface ContentInit {
  readonly layout: StoreLayout;
  readonly workspace: Workspace;
  readonly verifier: FileVerifier;
  readonly lease: Lease;
}

/** Blobs and trees on disk. Everything appears whole, by a rename; whoever comes second finds it there. */
export interface Content extends PullTarget {
  /** Path of a tree that is here. */
  findTree(key: string): Promise<string | undefined>;
}

/** The store's content by digest. Damaged blobs are removed when they are found. */
export function createContent(init: ContentInit): Content {
  const { layout, workspace, verifier, lease } = init;

  function pathOf(digest: string): string {
    // The digest becomes a path: a puller's mistake must not become another file.
    if (!isDigest(digest)) throw new KrustletError("Internal", `${JSON.stringify(digest)} is no digest`);
    return blobPathOf(layout, digest);
  }

  function treeOf(key: string): string {
    if (!/^sha(?:256|512)-[a-f0-9]{64,128}$/.test(key)) {
      throw new KrustletError("Internal", `${JSON.stringify(key)} is no tree's key`);
    }
    return join(layout.trees, key);
  }

  const findTree = async (key: string): Promise<string | undefined> => {
    const path = treeOf(key);
    await lease.hold([key]);
    return (await sizeAt(path)) === undefined ? undefined : path;
  };

  return {
    findTree,
    async find(digest) {
      const path = pathOf(digest);
      await lease.hold([digest]);
      if ((await verifier.verify(path, digest)) !== undefined) return path;
      await rm(path, { force: true });
      return undefined;
    },
    async add(digest, write) {
      const path = pathOf(digest);
      await lease.hold([digest]);
      const partial = await workspace.partial(digest);
      try {
        await write(partial);
        await mkdir(dirname(path), { recursive: true });
        await publishFile(partial, path);
      } catch (error) {
        await keepOrRemove(partial, error, workspace);
        throw diskError(error, layout.root);
      }
      await verifier.trust(path);
      return path;
    },
    async addTree(key, unpack) {
      const here = await findTree(key);
      if (here !== undefined) return here;
      const path = treeOf(key);
      const temporary = workspace.fresh("tree");
      try {
        await mkdir(temporary, { recursive: true });
        await unpack(temporary);
        await mkdir(layout.trees, { recursive: true });
        await rename(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
          // An empty directory of that name would be replaced; a full one is another process's tree, and as good.
          if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
          await rm(temporary, { recursive: true, force: true });
        });
      } catch (error) {
        await rm(temporary, { recursive: true, force: true });
        throw diskError(error, layout.root);
      }
      return path;
    },
  };
}

/** A download that broke may go on later; on a full disk, and when its bytes were wrong, nothing is kept. */
async function keepOrRemove(partial: string, error: unknown, workspace: Workspace): Promise<void> {
  const size = (await sizeAt(partial)) ?? 0;
  const full =
    diskError(error, partial) !== error || (error instanceof KrustletError && error.code === "NoSpace");
  if (size > 0 && !full) workspace.leave(partial);
  else await rm(partial, { force: true });
}
