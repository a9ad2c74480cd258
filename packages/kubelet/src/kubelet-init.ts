import type { NodeFacts } from "@krustlet/environment";
import type {
  Clock,
  ImageStore,
  ObjectKey,
  ObjectSource,
  PodKey,
  PullProgress,
  RegistryCredential,
  Runtime,
  SecretObject,
  VolumeMounter,
} from "@krustlet/interface";
import type { Handler, Rejection } from "@krustlet/admission";
import type { PodAction, PodStatus } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import type { Observable } from "rxjs";

import type { CheckpointStore } from "./checkpoint-directory.ts";
import type { DevicePort } from "./container-devices.ts";
import type { MirrorPorts } from "./mirror-keeper.ts";
import type { PodAddresses } from "./pod-address.ts";

/** What a source of pods tells. Every `pod` has a namespace, a name and a UID that is never used again. */
export type PodChange =
  | { readonly type: "added" | "updated"; readonly pod: V1Pod }
  | {
      /** The pod is wanted no longer: it stops, and everything of it goes. */
      readonly type: "removed";
      readonly pod: V1Pod;
      /** Default: the pod's own. 0 kills at once. Told again it can only shorten. */
      readonly gracePeriodSeconds?: number;
    };

/** What {@link KubeletInit.sources} may tell beside that. */
export type SourceChange =
  | PodChange
  | {
      /** Every pod that there was has been told. Once all sources say so, what is left of other pods is removed. */
      readonly type: "synced";
    };

/** Bytes that a container wrote, as it wrote them. */
export interface ContainerOutput {
  readonly pod: PodKey;
  readonly container: string;
  readonly stream: "stdout" | "stderr";
  readonly chunk: Uint8Array;
}

/** Something that did not work. The pod's loop has gone on with it already, this is for logs and terminals. */
export interface PodFailure {
  readonly pod: PodKey;
  /**
   * The work that failed; `status` and `checkpoint` are the writing of them, `mirror` that of a static pod's mirror.
   * `run` is what nobody expected: the pod's containers are killed, and with checkpoints it is taken up anew, after ten
   * seconds or with its next version.
   */
  readonly action: PodAction["do"] | "refresh" | "status" | "checkpoint" | "mirror" | "run";
  readonly container?: string;
  readonly error: unknown;
}

/** The volumes of pods that a process has left, by the pods' UIDs. */
export interface LeftVolumes {
  list(): Promise<readonly string[]>;
  /** Resolves, too, where there are none. */
  remove(uid: string): Promise<void>;
}

/** How {@link startKubelet} is put together. Everything is injected; the kubelet owns none of it. */
export interface KubeletInit {
  /** Merged; nothing behind them knows which one a pod came from. */
  readonly sources: readonly Observable<SourceChange>[];
  readonly clock: Clock;
  readonly images: ImageStore;
  readonly volumes: VolumeMounter<V1Pod>;
  /** ConfigMaps and Secrets for environments and pull secrets. */
  readonly objects: ObjectSource;
  /** The registry credentials that a pull secret holds. Default: none. */
  readonly credentialsOf?: (
    secret: SecretObject,
    source: string,
  ) => Promise<readonly RegistryCredential[]> | readonly RegistryCredential[];
  /** Runtimes by RuntimeClass name, each made when the first container needs it. */
  readonly runtimes: ReadonlyMap<string, () => Promise<Runtime>>;
  /** The runtime of pods that name none. */
  readonly defaultRuntime: string;
  readonly addresses: PodAddresses;
  /** What is known of this machine. */
  readonly node: NodeFacts;
  /** Absolute path under which `pods/<uid>` and `logs/pods/…` are. */
  readonly rootDir: string;
  /**
   * Writes a pod's whole status; retried until it lands, the latest one wins. Conditions of others are in it as they
   * were last seen, and are not to be written. For an object that is gone it resolves.
   */
  readonly writeStatus?: (pod: V1Pod, status: PodStatus, signal: AbortSignal) => Promise<unknown>;
  /**
   * Deletes the object of a pod that has a `deletionTimestamp`, of which nothing is left: with the pod's UID as the
   * precondition; resolves, too, where it is gone already. Retried with back-off. Default: there are no objects.
   */
  readonly deletePod?: (
    pod: V1Pod,
    options: { readonly gracePeriodSeconds: number; readonly signal: AbortSignal },
  ) => Promise<unknown>;
  /** Sees what containers write. While its promise is pending the guest is held back. */
  readonly onOutput?: (output: ContainerOutput) => void | Promise<void>;
  /**
   * Told what is worth knowing and no failure: keys of a ConfigMap that cannot be variables, say. `reason` is that of
   * the Warning event by which the kubelet tells it, where it does.
   */
  readonly onWarning?: (pod: PodKey, message: string, reason?: string) => void;
  readonly onPullProgress?: (progress: PullProgress) => void;
  /** What a container reads from descriptor 0. Default: nothing. */
  readonly stdinOf?: (pod: V1Pod, container: string) => AsyncIterable<Uint8Array> | undefined;
  /**
   * Tells that a ConfigMap or Secret has changed (undefined: that any may have), so that the volumes made of it are
   * brought up to date at once; and a RuntimeClass (in the namespace ""), so that pods that wait for it wait no longer.
   * Absent: nobody tells, and all are looked at each minute.
   */
  readonly objectsChanged$?: Observable<ObjectKey | undefined | void>;
  /**
   * Whether the node has room for a pod, and wants it: undefined, or why not. `active` are the pods that were admitted
   * before it and have not ended. Asked for one pod after the other, and again when the pods have ended that the rejection
   * of a critical one `preempts`. Default: every pod is taken.
   */
  readonly admit?: (
    pod: V1Pod,
    active: readonly V1Pod[],
  ) => Promise<Rejection | undefined> | Rejection | undefined;
  /** Which of {@link runtimes} runs a pod. Default: the one of its `runtimeClassName`. */
  readonly runtimeOf?: (pod: V1Pod) => Handler;
  /** The variables of Services for a pod's containers; pending until the Services are known. Default: none. */
  readonly serviceVariables?: (
    pod: V1Pod,
    signal: AbortSignal,
  ) => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
  /** The devices of plugins. Default: there are none. */
  readonly devices?: DevicePort;
  /** Told which pods need the objects that they name: before anything of a pod is done, and when it has ended. */
  readonly objectUsers?: { register(pod: V1Pod): void; unregister(uid: string): void };
  /**
   * What outlives this process, so that the next one takes up the pods where they were. Default: every process begins
   * anew with what the objects' statuses say.
   */
  readonly checkpoints?: CheckpointStore;
  /**
   * What earlier processes made of volumes: asked, with {@link checkpoints}, before the first pod; and for pods that have
   * ended before they were mounted again, and those that are in no source any more.
   */
  readonly leftVolumes?: LeftVolumes;
  /**
   * Keeps mirrors of static pods, by which the API server shows them; their statuses are written to those. Mirrors of
   * static pods that are no more are deleted. Default: there is no API server, and static pods have no status.
   */
  readonly mirrors?: MirrorPorts;
  /** How many pods have their volumes made, and images looked for, at the same time. Default 16. */
  readonly parallelism?: number;
  /** The longest wait, in milliseconds, between two runs of a container that crashes. Default 300,000. */
  readonly maxRestartDelayMs?: number;
  /** Rotation of container logs. Default 10 MiB and 5 files. */
  readonly logs?: { readonly maxBytes?: number; readonly maxFiles?: number };
}
