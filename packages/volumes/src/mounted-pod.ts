import { KrustletError } from "@krustlet/interface";
import type { Cancellable, Mount, MountedVolumes, ObjectKey } from "@krustlet/interface";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { directorySize } from "./directory-size.ts";
import { isMadeOf } from "./is-made-of.ts";
import { openMount } from "./open-mount.ts";
import { ownerPathOf } from "./owner-mark.ts";
import { planMounts } from "./plan-mounts.ts";
import { namespaceOf, podText } from "./pod-text.ts";
import { publishedIn } from "./published-in.ts";
import { removeTree } from "./remove-tree.ts";
import type { TokenCache } from "./token-cache.ts";
import { aboutVolume, volumeError, withDetail } from "./volume-error.ts";
import type { MadeVolume } from "./volume-plugin.ts";

/** What a {@link MountedPod} is made of. */
export interface MountedPodInit {
  readonly pod: V1Pod;
  readonly volumes: ReadonlyMap<string, MadeVolume>;
  /** The Pod's directory, removed at the end. */
  readonly directory: string;
  readonly tokens?: TokenCache;
}

interface RefreshOptions extends Cancellable {
  readonly changed?: ObjectKey;
}

/** The volumes of one Pod on disk. */
export class MountedPod implements MountedVolumes<V1Pod> {
  readonly #volumes: ReadonlyMap<string, MadeVolume>;
  readonly #directory: string;
  readonly #tokens: TokenCache | undefined;
  readonly #handles = new Map<string, readonly FileHandle[]>();
  #pod: V1Pod;
  #refreshing: Promise<void> = Promise.resolve();
  #disposing: Promise<void> | undefined;
  #isDisposed = false;

  constructor({ pod, volumes, directory, tokens }: MountedPodInit) {
    this.#pod = mountedPartOf(pod);
    this.#volumes = volumes;
    this.#directory = directory;
    this.#tokens = tokens;
  }

  async mountsOf(containerName: string, env: Readonly<Record<string, string>>): Promise<readonly Mount[]> {
    this.#demandMounted();
    const where = `${podText(this.#pod)}, container "${containerName}"`;
    const mounts: Mount[] = [];
    const handles: FileHandle[] = [];
    try {
      for (const plan of planMounts(this.#pod, containerName, env)) {
        const volume = this.#volumes.get(plan.volume);
        if (volume === undefined) {
          throw new KrustletError("InvalidField", `${where}: the volume "${plan.volume}" was not mounted`);
        }
        const { mount, handle } = await openMount(plan, volume, `${where}, volume "${plan.volume}"`);
        mounts.push(mount);
        if (handle !== undefined) handles.push(handle);
      }
      this.#demandMounted();
    } catch (error) {
      await closeAll(handles);
      throw withDetail(error, where);
    }
    const earlier = this.#handles.get(containerName) ?? [];
    this.#handles.set(containerName, handles);
    await closeAll(earlier);
    return mounts;
  }

  async refresh(pod: V1Pod, options: RefreshOptions = {}): Promise<void> {
    this.#demandMounted();
    if (!this.#isConcerned(pod, options.changed)) return;
    const turn = this.#refreshing.then(() => this.#refresh(pod, options));
    // One at a time; the failure of one is that caller's alone.
    this.#refreshing = turn.catch(() => undefined);
    return turn;
  }

  nextRefresh(): Date | undefined {
    return this.#tokens?.nextRenewal(this.#pod.metadata?.uid ?? "");
  }

  async usage(): Promise<readonly { volume: string; bytes: number; limit?: number }[]> {
    this.#demandMounted();
    const measured: { volume: string; bytes: number; limit: number }[] = [];
    for (const [volume, { path, limit }] of this.#volumes) {
      if (limit !== undefined)
        measured.push({ volume, bytes: (await directorySize(path)).bytes, limit: limit.bytes });
    }
    return measured;
  }

  async localUsage(): Promise<{ bytes: number; inodes: number }> {
    this.#demandMounted();
    const sum = { bytes: 0, inodes: 0 };
    for (const { path, isLocal } of this.#volumes.values()) {
      if (isLocal !== true) continue;
      const { bytes, inodes } = await directorySize(path);
      sum.bytes += bytes;
      sum.inodes += inodes;
    }
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    // What could not be removed is tried again by who disposes again.
    this.#disposing ??= this.#dispose().catch((error: unknown) => {
      this.#disposing = undefined;
      throw error;
    });
    return this.#disposing;
  }

  /** Asked before anything is queued: of a thousand pods, a change concerns few. */
  #isConcerned(pod: V1Pod, changed: ObjectKey | undefined): boolean {
    if (changed === undefined) return true;
    if (changed.namespace !== namespaceOf(pod)) return false;
    return pod.spec?.volumes?.some((volume) => isMadeOf(volume, changed)) ?? false;
  }

  async #refresh(pod: V1Pod, options: RefreshOptions): Promise<void> {
    this.#demandMounted();
    const { changed } = options;
    const failures: unknown[] = [];
    for (const [name, volume] of this.#volumes) {
      const spec = pod.spec?.volumes?.find((each) => each.name === name);
      if (changed !== undefined && (spec === undefined || !isMadeOf(spec, changed))) continue;
      options.signal?.throwIfAborted();
      try {
        await volume.refresh?.(pod, options);
      } catch (cause) {
        const where = `volume "${name}" of ${podText(pod)}`;
        failures.push(aboutVolume(volumeError(cause, `${where} could not be updated`), name, where));
      }
    }
    this.#pod = mountedPartOf(pod);
    if (failures.length > 0) throw failures[0];
  }

  async #dispose(): Promise<void> {
    await this.#refreshing;
    this.#tokens?.forget(this.#pod.metadata?.uid ?? "");
    for (const handles of this.#handles.values()) await closeAll(handles);
    this.#handles.clear();
    try {
      for (const { remove } of this.#volumes.values()) await remove?.();
      if ((await publishedIn(this.#directory)).length > 0) throw stillPublished(this.#directory);
      await removeTree(this.#directory, `${this.#directory}.removing`);
      await rm(ownerPathOf(this.#directory), { force: true });
    } catch (cause) {
      throw volumeError(cause, `the volumes of ${podText(this.#pod)} could not be removed`);
    }
  }

  #demandMounted(): void {
    if (!this.#isDisposed) return;
    throw new KrustletError("VolumeFailed", `${podText(this.#pod)}: the volumes have been removed`);
  }
}

/** What of a Pod is needed as long as its volumes are there. Whoever runs it keeps newer versions of the whole. */
function mountedPartOf({ metadata, spec }: V1Pod): V1Pod {
  const mounting = ({ name, volumeMounts }: V1Container): V1Container => ({ name, volumeMounts });
  return {
    metadata: { namespace: metadata?.namespace, name: metadata?.name, uid: metadata?.uid },
    spec: {
      initContainers: spec?.initContainers?.map(mounting),
      containers: spec?.containers.map(mounting) ?? [],
      volumes: spec?.volumes?.map(({ name }) => ({ name })),
    },
  };
}

function stillPublished(directory: string): KrustletError {
  const message = `${directory} holds a volume that a CSI driver has yet to unpublish`;
  return new KrustletError("VolumeFailed", message, { retryable: true });
}

async function closeAll(handles: readonly FileHandle[]): Promise<void> {
  await Promise.all(handles.map((handle) => handle.close()));
}
