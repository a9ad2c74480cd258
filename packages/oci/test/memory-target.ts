import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PullTarget } from "@krustlet/interface";

/** The plainest target there is: a directory that this test owns. */
export interface TestTarget extends PullTarget, AsyncDisposable {
  readonly directory: string;
  /** Digests that `add` was asked for. */
  readonly added: string[];
}

export async function makeTarget(): Promise<TestTarget> {
  const directory = await mkdtemp(join(tmpdir(), "krustlet-oci-"));
  const pathOf = (digest: string): string => join(directory, digest.replace(":", "-"));
  const added: string[] = [];
  return {
    directory,
    added,
    find: (digest) => Promise.resolve(existsSync(pathOf(digest)) ? pathOf(digest) : undefined),
    async add(digest, write) {
      added.push(digest);
      const partial = `${pathOf(digest)}.part`;
      await write(partial);
      await rename(partial, pathOf(digest));
      return pathOf(digest);
    },
    async addTree(key, unpack) {
      const path = join(directory, `tree-${key}`);
      await mkdir(path);
      await unpack(path);
      return path;
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
    },
  };
}
