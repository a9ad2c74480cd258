import type { Checkpoint, PodState } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";

import type { KubeletInit } from "./kubelet-init.ts";
import type { MirrorKeeper } from "./mirror-keeper.ts";
import { createObjectRefreshes } from "./object-refreshes.ts";
import type { ObjectRefreshes } from "./object-refreshes.ts";
import type { PodContext } from "./pod-context.ts";
import { createKeyedSlots, createSlots } from "./slots.ts";
import type { Slots } from "./slots.ts";

/** A pod that is known, and how it stands. */
export interface LivingPod {
  readonly context: PodContext;
  /** Undefined until its first step. */
  state: PodState | undefined;
}

/** What the pods of one kubelet share. */
export interface SharedParts {
  /** The pods by UID, from their first version on until nothing of them is left. */
  readonly pods: Map<string, LivingPod>;
  /** Pods are admitted one after the other, each with those before it in view. */
  readonly admissions: Slots;
  readonly mounts: Slots;
  /** Those of one registry do not wait for another's. */
  readonly pullsFrom: (registry: string) => Slots;
  /** Looking at how full volumes are reads whole trees. */
  readonly measures: Slots;
  readonly refreshes: ObjectRefreshes;
  /** What earlier processes knew of pods that have not been seen yet, by UID. */
  readonly left: Map<string, Checkpoint>;
  /** Pods that have not been seen yet of which earlier processes left volumes, by UID. */
  readonly leftVolumes: Set<string>;
  /** The node is going down: it takes no pod any more. */
  shuttingDown: boolean;
  readonly mirrors: MirrorKeeper | undefined;
  /** A pod has taken a step. */
  stepped(): void;
  /** Resolves when the next pod takes a step. */
  nextStep(): Promise<void>;
  /** The pods but `uid` that were admitted and have not ended. */
  activePods(uid: string): readonly V1Pod[];
}

const PARALLELISM = 16;
const MEASURED_AT_ONCE = 4;

/** Made once for each kubelet. */
export function createSharedParts(
  { parallelism = PARALLELISM }: KubeletInit,
  mirrors: MirrorKeeper | undefined,
): SharedParts {
  const pods = new Map<string, LivingPod>();
  let next: PromiseWithResolvers<void> | undefined;
  return {
    pods,
    admissions: createSlots(1),
    mounts: createSlots(parallelism),
    pullsFrom: createKeyedSlots(parallelism),
    measures: createSlots(MEASURED_AT_ONCE),
    refreshes: createObjectRefreshes(),
    left: new Map(),
    leftVolumes: new Set(),
    shuttingDown: false,
    mirrors,
    stepped: () => {
      next?.resolve();
      next = undefined;
    },
    nextStep: () => (next ??= Promise.withResolvers()).promise,
    activePods: (uid) =>
      [...pods.values()].flatMap(({ context, state }) =>
        context.key.uid !== uid && context.admitted && !hasEnded(state) ? [context.pod] : [],
      ),
  };
}

/** Whether nothing of a pod runs any more. */
export function hasEnded(state: PodState | undefined): boolean {
  return state?.name === "Unmounting" || state?.name === "Finished" || state?.name === "Gone";
}
