import type { NodeFacts } from "@krustlet/environment";
import { KrustletError } from "@krustlet/interface";
import type {
  Cancellable,
  Clock,
  CsiVolumes,
  ObjectSource,
  TokenSource,
  VolumeMounter,
} from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { makeDirectory } from "./beneath.ts";
import { memoryDirectoryOf } from "./memory-directory.ts";
import { MountedPod } from "./mounted-pod.ts";
import { ownerMark, ownerPathOf } from "./owner-mark.ts";
import { pluginOf } from "./plugin-of.ts";
import { demandLabel, podText, uidOf } from "./pod-text.ts";
import { publishedIn } from "./published-in.ts";
import { removeTree } from "./remove-tree.ts";
import { TokenCache } from "./token-cache.ts";
import { aboutVolume, failedWith, volumeError } from "./volume-error.ts";
import type { MadeVolume, VolumeContext } from "./volume-plugin.ts";

/** What {@link createVolumeMounter} is made of. */
export interface VolumeMounterInit {
  /** Volumes lie in `pods/<uid>/volumes` beneath it, claims in `claims/<namespace>/<name>`. */
  readonly rootDirectory: string;
  readonly objects: ObjectSource;
  /** What the downward API knows of the node, and of the Pod's addresses on it. */
  readonly nodeOf?: (pod: V1Pod) => NodeFacts;
  /** Absent: Pods that ask for a service account token are refused. */
  readonly tokens?: TokenSource;
  /** What has CSI drivers publish volumes. Absent: Pods that need one are refused. */
  readonly csi?: CsiVolumes;
  /** A directory in memory; `false` for none. Default: `/dev/shm` where it is one. */
  readonly memoryDirectory?: string | false;
  /** Labels of the node, for PersistentVolumes that are bound to nodes. Absent: that is not checked. */
  readonly nodeLabels?: () => Readonly<Record<string, string>>;
  /**
   * Whether Pods outlive this process: a later one mounts them again, and removes what is left of others by
   * {@link removePodVolumes}. Default: false, they may be removed once this process has ended.
   */
  readonly podsOutliveProcess?: boolean;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "now" | "elapsed">;
  /** In [0, 1); spreads the renewal of tokens. */
  readonly random?: () => number;
  /** Told what the user should know and no error says. */
  readonly onWarning?: (message: string) => void;
}

const MACHINE: Pick<Clock, "now" | "elapsed"> = { now: () => new Date(), elapsed: () => performance.now() };

/**
 * Makes the volumes of Pods beneath one directory, the kubelet's layout. Nothing is touched until the first `mount`.
 * One mounter serves many Pods at once; mounting the same Pod twice at once is the caller's mistake.
 */
export function createVolumeMounter(init: VolumeMounterInit): VolumeMounter<V1Pod> {
  const { objects, csi, nodeLabels, nodeOf = () => ({}), clock = MACHINE } = init;
  const { onWarning: warn = () => {}, random = Math.random } = init;
  const tokens = init.tokens && new TokenCache({ source: init.tokens, clock, random, warn });
  const rootDirectory = resolve(init.rootDirectory);
  const memory = memoryDirectoryOf(init.memoryDirectory);
  let parents: Promise<void> | undefined;
  const makeParents = async (): Promise<void> => {
    await makeDirectory(rootDirectory, 0o700);
    await makeDirectory(join(rootDirectory, "pods"), 0o700);
  };
  /** The Pod's directory; tells whether it is new. */
  const makePodDirectory = async (directory: string): Promise<boolean> => {
    if (init.podsOutliveProcess !== true)
      await writeFile(ownerPathOf(directory), await ownerMark(), { mode: 0o600 });
    try {
      await mkdir(directory, { mode: 0o700 });
      return true;
    } catch (error) {
      if (!failedWith(error, "EEXIST")) throw error;
      await makeDirectory(directory, 0o700);
      return false;
    }
  };
  return {
    async mount(pod, options = {}) {
      const directory = join(rootDirectory, "pods", uidOf(pod));
      const context: VolumeContext = {
        rootDirectory,
        objects,
        nodeOf,
        now: () => clock.now(),
        warn,
        ...(nodeLabels && { nodeLabels }),
        ...(csi && { csi }),
        ...(tokens && { tokens: (request, tokenOptions) => tokens.get(request, tokenOptions) }),
        ...((await memory) !== undefined && { memoryDirectory: await memory }),
      };
      const volumes = new Map<string, MadeVolume>();
      let isNew = false;
      try {
        const makers = await prepare(pod, directory, context, options);
        // Once for all Pods; should somebody have removed it, the next try makes it again.
        await (parents ??= makeParents());
        isNew = await makePodDirectory(directory);
        for (const { name, path, where, make } of makers) {
          options.signal?.throwIfAborted();
          await makeDirectory(dirname(path), 0o700);
          volumes.set(name, await told(make, name, where));
        }
        return new MountedPod({ pod, volumes, directory, ...(tokens && { tokens }) });
      } catch (cause) {
        if (failedWith(cause, "ENOENT", "ENOTDIR")) parents = undefined;
        if (isNew) await undo(volumes, directory);
        throw volumeError(cause, `the volumes of ${podText(pod)} could not be made`);
      }
    },
  };
}

interface Maker {
  readonly name: string;
  readonly path: string;
  /** How messages call the volume. */
  readonly where: string;
  readonly make: () => Promise<MadeVolume>;
}

async function prepare(
  pod: V1Pod,
  directory: string,
  context: VolumeContext,
  options: Cancellable,
): Promise<readonly Maker[]> {
  const makers: Maker[] = [];
  const names = new Set<string>();
  for (const volume of pod.spec?.volumes ?? []) {
    options.signal?.throwIfAborted();
    const name = demandLabel(volume.name, `${podText(pod)}: the volume's name`);
    const where = `volume "${name}" of ${podText(pod)}`;
    if (names.has(name)) throw new KrustletError("InvalidField", `${where}: there is another of that name`);
    names.add(name);
    const maker = async (): Promise<Maker> => {
      const plugin = pluginOf(volume, where);
      const path = join(directory, "volumes", plugin.directoryName, name);
      const make = await plugin.prepare({ pod, volume, where, directory: path }, context, options);
      return { name, path, where, make };
    };
    makers.push(await told(maker, name, where));
  }
  return makers;
}

/** What `work` gives; of what it throws, told as being about the volume. */
async function told<T>(work: () => Promise<T>, volume: string, where: string): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw aboutVolume(volumeError(cause, `${where} could not be made`), volume, where);
  }
}

/**
 * Takes back what a mount that failed has made. What fails here too is left, and everything where a driver may still
 * have something mounted; the first failure is the one told.
 */
async function undo(volumes: ReadonlyMap<string, MadeVolume>, directory: string): Promise<void> {
  const removed = await Promise.allSettled([...volumes.values()].map(async ({ remove }) => remove?.()));
  if (removed.some(({ status }) => status === "rejected")) return;
  const published = await publishedIn(directory).catch(() => undefined);
  if (published === undefined || published.length > 0) return;
  const [gone] = await Promise.allSettled([removeTree(directory, `${directory}.removing`)]);
  if (gone.status === "fulfilled") await rm(ownerPathOf(directory), { force: true });
}
