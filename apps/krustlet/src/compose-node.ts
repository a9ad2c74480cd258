import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { isStaticPod } from "@krustlet/admission";
import { serviceVariablesOf } from "@krustlet/environment";
import type { DirectoryImageStore } from "@krustlet/image-store";
import type { ImageStore, ObjectKey } from "@krustlet/interface";
import {
  createEventRecorder,
  createObjectCache,
  csiClient,
  nodeClient,
  podClient,
  requestToken,
  watchRuntimeClasses,
  watchServices,
} from "@krustlet/kube";
import type { EventRecorder, Kube } from "@krustlet/kube";
import { checkpointDirectory, loopbackPodAddresses } from "@krustlet/kubelet";
import type { KubeletInit, NodeFacts, PodAddresses } from "@krustlet/kubelet";
import type { NodeClient } from "@krustlet/node";
import { credentialsOfSecret } from "@krustlet/oci";
import { collectGarbage } from "@krustlet/runtime-wasi";
import { createVolumeMounter, listLeftPodVolumes, removePodVolumes } from "@krustlet/volumes";
import type { V1Node, V1RuntimeClass } from "@kubernetes/client-node";
import type { Logger } from "pino";
import { from, map, merge, switchMap } from "rxjs";
import type { Observable } from "rxjs";

import type { CliHost } from "./cli-host.ts";
import { composeImageStore } from "./compose.ts";
import { composeRuntimes } from "./compose-runtimes.ts";
import { wasiRuntimeOfNode } from "./wasi-runtime.ts";
import type { NodeConfig } from "./config/settings.ts";
import { podFields } from "./log/node-log.ts";
import { pastAuthorizerLag } from "./node/past-authorizer-lag.ts";
import { chooseRuntime } from "./node/choose-runtime.ts";
import { followObjects } from "./node/follow-objects.ts";
import { openOwnKube } from "./node/open-own-kube.ts";
import { openDevices } from "./node/open-devices.ts";
import type { NodeDevices } from "./node/open-devices.ts";
import { withLocalModules } from "./node/local-modules.ts";
import { startCsiOfNode } from "./node/start-csi-of-node.ts";
import { recordWarning } from "./node/record-events.ts";
import { systemClock } from "@krustlet/clock";

/** What a node shares with the API server, opened before it is registered. Disposing closes all of it. */
export interface ComposedNode extends AsyncDisposable {
  readonly kube: Kube;
  /** Resolves once the API server can be called; rejects where it never can be. */
  readonly opened: Promise<void>;
  readonly client: NodeClient;
  readonly images: DirectoryImageStore;
  readonly recorder: EventRecorder;
  readonly devices: NodeDevices;
  /** Has this thread, and those of the runtimes, give back memory that only the past has needed. */
  releaseMemory(): Promise<void>;
  /**
   * Follows what a node may watch from when `joined` resolves, which is when it is registered, and gives everything of a
   * kubelet but its sources. `node` gives the newest Node that is known.
   */
  followCluster(node: () => V1Node, joined: Promise<void>): FollowedCluster;
}

/** What is followed of the cluster, and the kubelet's parts that stand on it. */
export interface FollowedCluster extends Disposable {
  /** Resolves once all that pods of the API server need to have known is known; rejects with the signal's reason. */
  synced(signal: AbortSignal): Promise<void>;
  readonly kubelet: Omit<KubeletInit, "sources" | "admit">;
}

/** What {@link composeNode} puts together. */
export interface ComposeNodeInit {
  readonly config: NodeConfig;
  readonly host: CliHost;
  readonly log: Logger;
  /** The node's own addresses, the first of which pods may share. */
  readonly addresses: readonly string[];
  /** Aborted: the node stops. */
  readonly signal: AbortSignal;
}

/** The runtime of pods whose RuntimeClass is none. */
const DEFAULT_RUNTIME = "wasi";

/**
 * Puts the parts of a node together: the one place that picks their implementations.
 * @throws KrustletError as {@link openOwnKube} does; errors of the file system as they are.
 */
export async function composeNode(init: ComposeNodeInit): Promise<ComposedNode> {
  const { config, host, log } = init;
  await mkdir(config.root, { recursive: true, mode: 0o700 });
  await using opened = new AsyncDisposableStack();
  const over = new AbortController();
  opened.defer(() => over.abort());
  const signal = AbortSignal.any([init.signal, over.signal]);
  const { kube, opened: reachable } = await openOwnKube({ config, log, signal });
  // Where the process ends, so do its connections: closing them under calls that are on their way would only fail those.
  if (!host.endsProcess) opened.use(kube);
  const images = opened.use(
    await composeImageStore({
      root: config.root,
      env: host.env,
      home: host.home,
      insecureRegistries: config.insecureRegistries,
    }),
  );
  const recorder = createEventRecorder(kube, {
    component: "kubelet",
    host: config.nodeName,
    limit: { perSecond: config.eventRecordQPS, burst: config.eventBurst },
    onDropped: ({ object, reason, message }, why) =>
      log.debug(
        { object: `${object.kind}/${object.name}`, reason, err: why },
        `an Event is not told: ${message}`,
      ),
  });
  const composed = opened.use(composeRuntimes(host.endsProcess, wasiRuntimeOfNode));
  const { runtimes } = composed;
  // Its threads are up before the first pod comes; whoever starts a container on it is told where they are not.
  void runtimes
    .get(DEFAULT_RUNTIME)?.()
    .catch(() => undefined);
  const devices = opened.use(await openDevices(config, log));
  const owned = opened.move();
  return {
    kube,
    opened: reachable,
    client: nodeClient(kube),
    images,
    recorder,
    devices,
    releaseMemory: async () => {
      collectGarbage();
      await composed.releaseMemory();
    },
    followCluster: (node, joined) =>
      followCluster(init, { kube, images, runtimes, recorder, devices, node, joined }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function followCluster(
  { config, log, addresses }: ComposeNodeInit,
  parts: {
    readonly kube: Kube;
    readonly images: ImageStore;
    readonly runtimes: KubeletInit["runtimes"];
    readonly recorder: EventRecorder;
    readonly devices: NodeDevices;
    readonly node: () => V1Node;
    readonly joined: Promise<void>;
  },
): FollowedCluster {
  const { kube, runtimes, recorder, joined } = parts;
  using opened = new DisposableStack();
  const interrupted = (what: string) => (err: unknown, retryInMs: number) =>
    log.warn({ err, retryInMs }, `the watch of ${what} is interrupted`);
  const onceJoined = <T>(changes$: Observable<T>): Observable<T> =>
    from(joined).pipe(switchMap(() => changes$));
  const services = opened.use(
    followObjects(onceJoined(watchServices(kube, { onFailure: interrupted("Services") }))),
  );
  const runtimeClasses = opened.use(
    followObjects(onceJoined(watchRuntimeClasses(kube, { onFailure: interrupted("RuntimeClasses") }))),
  );
  const objects = opened.use(
    createObjectCache(kube, {
      onFailure: (key, err) => log.warn({ err }, `${shownKey(key)} cannot be watched`),
    }),
  );
  const csi = opened.use(
    startCsiOfNode({
      config,
      log,
      cluster: csiClient(kube),
      client: nodeClient(kube),
      node: parts.node,
      joined,
    }),
  );
  const images = withLocalModules(parts.images, config.allowLocalModules);
  const node: NodeFacts = {
    nodeName: config.nodeName,
    hostIPs: addresses,
    get allocatable() {
      return parts.node().status?.allocatable;
    },
  };
  const pods = podClient(kube);
  const owned = opened.move();
  return {
    synced: async (signal) => {
      await Promise.all([services.synced(signal), runtimeClasses.synced(signal)]);
    },
    kubelet: {
      clock: systemClock,
      images,
      volumes: createVolumeMounter({
        rootDirectory: config.root,
        objects,
        csi,
        tokens: (request, options) =>
          pastAuthorizerLag(() => requestToken(kube, request, options), systemClock, options),
        nodeOf: () => node,
        nodeLabels: () => parts.node().metadata?.labels ?? {},
        podsOutliveProcess: true,
        onWarning: (message) => log.warn(message),
      }),
      objects,
      objectUsers: objects,
      objectsChanged$: merge(objects.changed$, runtimeClasses.changed$.pipe(map(keyOfRuntimeClass))),
      credentialsOf: credentialsOfSecret,
      runtimes,
      defaultRuntime: DEFAULT_RUNTIME,
      runtimeOf: (pod) =>
        chooseRuntime({
          pod,
          runtimeClasses: runtimeClasses.values(),
          runtimes: [...runtimes.keys()],
          defaultRuntime: DEFAULT_RUNTIME,
        }),
      serviceVariables: async (pod, signal) => {
        // A pod of the node's own needs no API server, and has those of the Services that are known.
        if (!isStaticPod(pod)) await services.synced(signal);
        return serviceVariablesOf(pod, services.values());
      },
      addresses: podAddressesOf(config, addresses),
      node,
      rootDir: config.root,
      checkpoints: checkpointDirectory(join(config.root, "checkpoints")),
      devices: parts.devices,
      leftVolumes: {
        list: () => listLeftPodVolumes({ rootDirectory: config.root }),
        remove: (uid) => removePodVolumes({ rootDirectory: config.root, uid, csi }),
      },
      writeStatus: (pod, status, signal) => pods.patchPodStatus(pod, status, { signal }),
      deletePod: (pod, options) => pods.deletePod(pod, options),
      mirrors: {
        node: () => ({ name: config.nodeName, uid: parts.node().metadata?.uid }),
        createPod: (pod, options) => pods.createPod(pod, options),
        deletePod: (pod, options) => pods.deletePod(pod, options),
      },
      onWarning: (pod, message, reason) => {
        log.warn(podFields(pod), message);
        if (reason !== undefined) recordWarning(recorder, pod, { reason, message });
      },
      maxRestartDelayMs: config.maxContainerRestartPeriod,
      logs: { maxBytes: config.containerLogMaxSize, maxFiles: config.containerLogMaxFiles },
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function podAddressesOf(config: NodeConfig, [address]: readonly string[]): PodAddresses {
  if (config.podAddresses === "loopback" || address === undefined) return loopbackPodAddresses();
  return { lease: () => ({ address, [Symbol.dispose]: () => undefined }) };
}

function keyOfRuntimeClass({ metadata }: V1RuntimeClass): ObjectKey {
  return { kind: "RuntimeClass", namespace: "", name: metadata?.name ?? "" };
}

function shownKey({ kind, namespace, name }: ObjectKey): string {
  return `${kind} ${namespace}/${name}`;
}
