import type { MountedVolumes, PodKey, RunningContainer, WasmImage } from "@krustlet/interface";
import type { BegunRun, PodEvent } from "@krustlet/pod-machine";
import type { V1Container, V1Pod } from "@kubernetes/client-node";

import { podKeyOf } from "./container-plan.ts";
import type { KubeletInit, PodFailure } from "./kubelet-init.ts";
import type { PodAddressLease } from "./pod-address.ts";
import type { SharedParts } from "./shared-parts.ts";

/** Where a pod's effects tell what comes later than their own result. */
export interface PodOutputs {
  readonly emit: (event: PodEvent) => void;
  readonly fail: (failure: PodFailure) => void;
  /** Resolves when the newest status has landed, or nobody writes it any more. Never rejects. */
  readonly statusWritten: () => Promise<void>;
  /** Notes on disk that the guest of this try may run. Rejects where that cannot be written: then it must not. */
  readonly begins: (container: string, run: BegunRun) => Promise<void>;
}

/** One try of a container, from the moment its start is begun until its exit was told. */
export interface HeldContainer {
  readonly attempt: number;
  readonly restartCount: number;
  /** Aborted when its exit was told and its log is complete. */
  readonly over: AbortSignal;
  /** Resolves when the start is done or undone; `running` is set by then, if it is done. Never rejects. */
  readonly begun: Promise<void>;
  running: RunningContainer | undefined;
  /** Resolves when the exit was told and nothing of the container is left. */
  ended: Promise<void>;
}

/** What is held for one pod, and what its effects share. Disposing kills its containers and frees its address. */
export class PodContext implements AsyncDisposable {
  readonly kubelet: KubeletInit;
  readonly key: PodKey;
  readonly outputs: PodOutputs;
  readonly shared: SharedParts;
  /** Whether the node has taken the pod. */
  admitted = false;
  /** Whether an earlier process, or an attempt that failed, may have left volumes of it. */
  takenUp = false;
  /** The newest version of the object. */
  pod: V1Pod;
  address: PodAddressLease | undefined;
  /** The mount under way or done; settles to undefined where it failed or was cancelled. */
  mounting: Promise<MountedVolumes<V1Pod> | undefined> = Promise.resolve(undefined);
  readonly images: Map<string, WasmImage> = new Map<string, WasmImage>();
  readonly containers: Map<string, HeldContainer> = new Map<string, HeldContainer>();
  readonly #held: AsyncDisposableStack = new AsyncDisposableStack();

  constructor(kubelet: KubeletInit, pod: V1Pod, outputs: PodOutputs, shared: SharedParts) {
    this.kubelet = kubelet;
    this.shared = shared;
    this.pod = pod;
    this.key = podKeyOf(pod);
    this.outputs = outputs;
    this.#held.defer(() => this.address?.[Symbol.dispose]());
    this.#held.defer(() => this.#killAll());
  }

  /** The spec of a container of the pod, init containers included. */
  containerSpec(name: string): V1Container {
    const spec = this.pod.spec;
    const found = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(
      (each) => each.name === name,
    );
    if (found === undefined)
      throw new Error(`pod ${this.key.namespace}/${this.key.name} has no container ${name}`);
    return found;
  }

  now(): Date {
    return this.kubelet.clock.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }

  async #killAll(): Promise<void> {
    await Promise.all(
      [...this.containers.values()].map(async (held) => {
        await held.begun;
        await held.running?.kill();
        await held.ended;
      }),
    );
  }
}
