import { readdir } from "node:fs/promises";
import { availableParallelism, hostname, totalmem } from "node:os";
import { join } from "node:path";

import type { DirectoryImageStore } from "@krustlet/image-store";
import type { ImageStore, MountedVolumes, ObjectSource, VolumeMounter } from "@krustlet/interface";
import { loopbackPodAddresses, removeLogsOf } from "@krustlet/kubelet";
import type { KubeletInit, NodeFacts } from "@krustlet/kubelet";
import { ownPod } from "@krustlet/volumes/own-pod";
import type { V1Pod } from "@kubernetes/client-node";

import type { CommandContext } from "./command.ts";
import { composeRuntimes } from "./compose-runtimes.ts";
import { wasiRuntime } from "./wasi-runtime.ts";
import { withModuleFiles } from "./local-modules.ts";
import { systemClock } from "@krustlet/clock";

/** Where everything that is kept lies, and how registries are spoken to. */
export interface ComposeInit {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly insecureRegistries: readonly string[];
}

/** What the command line says of it. A command without `--insecure-registry` has none. */
export function composeInitOf({ host, line, root }: CommandContext): ComposeInit {
  return {
    root,
    env: host.env,
    home: host.home,
    insecureRegistries: line.texts("insecure-registry"),
  };
}

/** The image store in `<root>/images`; what it needs of the network is loaded by the first pull. */
export async function composeImageStore(init: ComposeInit): Promise<DirectoryImageStore> {
  const [{ openImageStore }, { createPuller, createDockerCredentials }] = await Promise.all([
    import("@krustlet/image-store"),
    import("@krustlet/oci"),
  ]);
  const { env } = init;
  const puller = createPuller({
    insecureRegistries: init.insecureRegistries,
    machineCredentials: createDockerCredentials({ env, home: init.home }),
    proxy: {
      http: env["HTTP_PROXY"] ?? env["http_proxy"],
      https: env["HTTPS_PROXY"] ?? env["https_proxy"],
      except: env["NO_PROXY"] ?? env["no_proxy"],
    },
  });
  return openImageStore({ directory: join(init.root, "images"), puller });
}

/** Everything of a kubelet but its sources and where its output goes. */
export type KubeletParts = Pick<
  KubeletInit,
  | "clock"
  | "images"
  | "volumes"
  | "objects"
  | "credentialsOf"
  | "runtimes"
  | "defaultRuntime"
  | "addresses"
  | "node"
  | "rootDir"
>;

/** What a command that runs pods owns. Disposing closes its runtimes. */
export interface Composed extends AsyncDisposable {
  readonly parts: KubeletParts;
  readonly images: ImageStore;
}

/** What {@link composeKubelet} needs beside that. */
export interface KubeletComposeInit extends ComposeInit {
  readonly objects: ObjectSource;
  /** The runtime of pods that name none. */
  readonly runtime: string | undefined;
  readonly endsProcess: boolean;
  /** Told what the user should know and no error says. */
  readonly onWarning: (message: string) => void;
}

/** Puts the parts of a kubelet together: the one place that picks implementations. */
export function composeKubelet(init: KubeletComposeInit): Composed {
  const composed = composeRuntimes(init.endsProcess, wasiRuntime);
  const { runtimes } = composed;
  const defaultRuntime = init.runtime ?? "wasi";
  // Its first thread starts while the module is still being read.
  runtimes
    .get(defaultRuntime)?.()
    // Whoever starts a container on it is told.
    .catch(() => undefined);
  const images = withModuleFiles(() => composeImageStore(init));
  const node: NodeFacts = {
    nodeName: hostname(),
    hostIPs: ["127.0.0.1"],
    allocatable: { cpu: String(availableParallelism()), memory: String(totalmem()) },
  };
  return {
    images,
    parts: {
      clock: systemClock,
      images,
      volumes: lazyVolumes(init, node),
      objects: init.objects,
      credentialsOf: async (secret, source) =>
        (await import("@krustlet/oci")).credentialsOfSecret(secret, source),
      runtimes,
      defaultRuntime,
      addresses: loopbackPodAddresses(),
      node,
      rootDir: init.root,
    },
    [Symbol.asyncDispose]: () => composed[Symbol.asyncDispose](),
  };
}

/** Pods without volumes, such as those of `krustlet run hello.wasm`, do not wait for the room that makes them. */
function lazyVolumes(init: KubeletComposeInit, node: NodeFacts): VolumeMounter<V1Pod> {
  let swept: Promise<void> | undefined;
  let opened: Promise<VolumeMounter<V1Pod>> | undefined;
  const open = async (): Promise<VolumeMounter<V1Pod>> => {
    const { createVolumeMounter } = await import("@krustlet/volumes");
    return createVolumeMounter({
      rootDirectory: init.root,
      objects: init.objects,
      nodeOf: () => node,
      onWarning: init.onWarning,
    });
  };
  return {
    mount: async (pod, options) => {
      // Beside everything else; nobody waits for it.
      swept ??= removeAbandoned(init.root);
      if ((pod.spec?.volumes ?? []).length > 0) return (await (opened ??= open())).mount(pod, options);
      // Its container need not wait for that; what cannot be marked now, stays should it be killed.
      const owned = ownPod(init.root, pod.metadata?.uid ?? "").catch(() => undefined);
      return { ...NO_VOLUMES, [Symbol.asyncDispose]: async () => (await owned)?.[Symbol.asyncDispose]() };
    },
  };
}

/** Removes what is left of pods whose `krustlet run` was killed. Never rejects. */
async function removeAbandoned(rootDirectory: string): Promise<void> {
  const left = await readdir(join(rootDirectory, "pods")).catch(() => []);
  if (left.length === 0) return;
  const { removeAbandonedPods } = await import("@krustlet/volumes");
  await removeAbandonedPods({ rootDirectory, removeRest: (uid) => removeLogsOf(rootDirectory, uid) });
}

const NO_VOLUMES: Omit<MountedVolumes<V1Pod>, typeof Symbol.asyncDispose> = {
  mountsOf: () => Promise.resolve([]),
  refresh: () => Promise.resolve(),
  localUsage: () => Promise.resolve({ bytes: 0, inodes: 0 }),
  usage: () => Promise.resolve([]),
};
