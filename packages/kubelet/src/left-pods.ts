import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { logDirOf, pathSegmentOf } from "@krustlet/cri-log";
import { KrustletError } from "@krustlet/interface";
import { parseCheckpoint } from "@krustlet/pod-machine";
import type { Checkpoint } from "@krustlet/pod-machine";

import type { CheckpointStore } from "./checkpoint-directory.ts";
import { messageOf } from "./failure-reason.ts";
import type { KubeletInit, LeftVolumes } from "./kubelet-init.ts";
import { containersDirOf } from "./pod-paths.ts";

/** What earlier processes left. */
export interface LeftPods {
  /** By UID. */
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  /** UIDs of which there is a file that is no checkpoint, and why. */
  readonly broken: ReadonlyMap<string, Error>;
  /** UIDs of pods with volumes; of a pod that was not begun there is nothing else. */
  readonly volumes: ReadonlySet<string>;
}

/** Reads all that there is. A pod whose own checkpoint is broken is taken up by its status alone. */
export async function readLeftPods(store: CheckpointStore, left?: LeftVolumes): Promise<LeftPods> {
  const checkpoints = new Map<string, Checkpoint>();
  const broken = new Map<string, Error>();
  for (const { uid, text } of await store.list()) {
    try {
      const checkpoint = parseCheckpoint(text);
      if (pathSegmentOf(checkpoint.uid) !== uid) {
        throw new KrustletError("InvalidObject", `it is one of the pod ${JSON.stringify(checkpoint.uid)}`);
      }
      checkpoints.set(checkpoint.uid, checkpoint);
    } catch (cause) {
      const message = `what was kept of the pod ${uid} is ignored, because ${messageOf(cause)}`;
      broken.set(uid, new KrustletError("InvalidObject", message, { cause }));
    }
  }
  return { checkpoints, broken, volumes: new Set(await left?.list()) };
}

/**
 * Removes everything of a pod that is nobody's any more: devices, volumes, messages, logs and, at last, its checkpoint. The
 * one of a broken checkpoint has no name; its logs are found by its UID.
 */
export async function removeLeftPod(
  kubelet: Pick<KubeletInit, "rootDir" | "leftVolumes" | "devices" | "checkpoints">,
  { namespace, name, uid }: Pick<Checkpoint, "namespace" | "name" | "uid">,
): Promise<void> {
  const key = { namespace, name, uid };
  await kubelet.devices?.release(uid);
  await kubelet.leftVolumes?.remove(uid);
  const containers = containersDirOf(kubelet.rootDir, key);
  await rm(containers, { recursive: true, force: true });
  await rmdir(dirname(containers)).catch(() => undefined);
  if (name === "") await removeLogsOf(kubelet.rootDir, uid);
  else await rm(logDirOf(kubelet.rootDir, key), { recursive: true, force: true });
  await kubelet.checkpoints?.remove(uid);
}

/** Removes the logs of a UID, whatever the pod's name was. No name has an underscore in it. */
export async function removeLogsOf(rootDir: string, uid: string): Promise<void> {
  const all = dirname(logDirOf(rootDir, { namespace: "", name: "", uid }));
  for (const name of await readdir(all).catch(() => [])) {
    if (name.split("_").slice(2).join("_") !== pathSegmentOf(uid)) continue;
    await rm(join(all, name), { recursive: true, force: true });
  }
}
