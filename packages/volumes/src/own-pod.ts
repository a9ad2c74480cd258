import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { ownerMark, ownerPathOf } from "./owner-mark.ts";
import { uidOf } from "./pod-text.ts";

/**
 * Marks a Pod without volumes as one of this process, as a mounter does for those with: should the process be killed,
 * {@link removeAbandonedPods} removes what it left. Disposing takes the mark away.
 * @throws KrustletError `InvalidField` for a UID that is none, and what the file system says.
 */
export async function ownPod(rootDirectory: string, uid: string): Promise<AsyncDisposable> {
  const pods = join(resolve(rootDirectory), "pods");
  const path = ownerPathOf(join(pods, uidOf({ metadata: { uid } })));
  await mkdir(pods, { recursive: true, mode: 0o700 });
  await writeFile(path, await ownerMark(), { mode: 0o600 });
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}
