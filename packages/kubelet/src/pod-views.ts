import { logPathOf } from "@krustlet/cri-log";
import type { PodUse } from "@krustlet/eviction";
import type { ContainerUsage, PodKey } from "@krustlet/interface";
import { statusOf } from "@krustlet/pod-machine";
import type { Container, PodState } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";

import { podKeyOf } from "./container-plan.ts";
import { measurePod } from "./measure-pod.ts";
import type { MeasureOptions } from "./measure-pod.ts";
import { writtenStatusOf } from "./normalize-status.ts";
import { hasEnded } from "./shared-parts.ts";
import type { LivingPod, SharedParts } from "./shared-parts.ts";

/** Where one run of a container wrote to. */
export interface ContainerLogFile {
  /** Absolute path of the current file; those that were rotated away are `<path>.1` (the newest of them) and up. */
  readonly path: string;
  /** Aborted once the run has ended and everything it wrote is in the file. */
  readonly ended: AbortSignal;
}

/** What a running container uses. */
export interface PodContainerUsage extends ContainerUsage {
  readonly pod: PodKey;
  readonly container: string;
  readonly startedAt: Date;
}

/** The pods of a kubelet as others see them; nothing here waits for a pod, or changes one. */
export interface PodViews {
  /** The pods that are known, with their newest status. */
  pods(): readonly V1Pod[];
  /** Those of them of which a container runs. */
  runningPods(): readonly V1Pod[];
  /** The one of this name that lives, with its newest status. */
  findPod(namespace: string, name: string): V1Pod | undefined;
  /**
   * The log of one run of a container.
   * @param containerID As the pod's status has it, of the current run or of an earlier one.
   * @returns undefined where nothing is known of that run
   */
  logOf(pod: V1Pod, container: string, containerID: string): ContainerLogFile | undefined;
  /** What each running container uses now; those that end meanwhile are left out. */
  usage(): Promise<readonly PodContainerUsage[]>;
  /**
   * The pods that the node has taken and that have not ended, and what each uses of what a node may run short of;
   * undefined where that cannot be measured.
   */
  consumption(
    options: MeasureOptions,
  ): Promise<readonly { readonly pod: V1Pod; readonly use: PodUse | undefined }[]>;
}

/** The views of the pods that share these parts. */
export function podViews(
  { pods, measures }: Pick<SharedParts, "pods" | "measures">,
  rootDir: string,
): PodViews {
  return {
    pods: () => [...pods.values()].map(withStatus),
    runningPods: () => [...pods.values()].flatMap((each) => (runs(each) ? [withStatus(each)] : [])),
    findPod: (namespace, name) => {
      for (const each of pods.values()) {
        const { key } = each.context;
        if (key.name === name && key.namespace === namespace) return withStatus(each);
      }
      return undefined;
    },
    logOf: (pod, name, containerID) => {
      const key = podKeyOf(pod);
      const living = pods.get(key.uid);
      const container = living?.state?.facts.containers.find((each) => each.name === name);
      if (living === undefined || container === undefined) return undefined;
      const restart = restartOf(container, containerID);
      if (restart === undefined) return undefined;
      const held = living.context.containers.get(name);
      const isCurrent = held !== undefined && held.restartCount === restart;
      const ended = isCurrent ? held.over : AbortSignal.abort();
      return { path: logPathOf(rootDir, key, name, restart), ended };
    },
    usage: async () => {
      const running = [...pods.values()].flatMap(({ context }) =>
        [...context.containers].flatMap(([container, held]) =>
          held.running === undefined ? [] : [{ pod: context.key, container, running: held.running }],
        ),
      );
      const found = await Promise.allSettled(
        running.map(async ({ pod, container, running: each }) => {
          const { startedAt } = each;
          return { pod, container, startedAt, ...(await each.usage()) };
        }),
      );
      return found.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    },
    consumption: async (options) => {
      const isActive = ({ context, state }: LivingPod): boolean => context.admitted && !hasEnded(state);
      const measured = await Promise.all(
        [...pods.values()].filter(isActive).map(async (living) => ({
          living,
          use: await measures(() => measurePod(living.context, options)).catch(() => undefined),
        })),
      );
      // One that has ended meanwhile may be why it could not be measured.
      return measured.flatMap(({ living, use }) =>
        isActive(living) ? [{ pod: living.context.pod, use }] : [],
      );
    },
  };
}

function runs({ context }: LivingPod): boolean {
  return [...context.containers.values()].some(({ running }) => running !== undefined);
}

function withStatus({ context, state }: LivingPod): V1Pod {
  const { apiVersion = "v1", kind = "Pod", metadata, spec, status } = context.pod;
  return { apiVersion, kind, metadata, spec, status: newestStatus(status, state) };
}

function newestStatus(status: V1Pod["status"], state: PodState | undefined): V1Pod["status"] {
  return state === undefined ? status : Object.assign({}, status, writtenStatusOf(statusOf(state)));
}

/** The number of the run of that id, which is also that of its log. */
function restartOf({ state, exits, lastExit }: Container, containerID: string): number | undefined {
  if ("containerID" in state && state.containerID === containerID) return exits;
  if (state.name !== "Terminated") return lastExit?.containerID === containerID ? exits - 1 : undefined;
  if (state.exit.containerID === containerID) return exits - 1;
  return lastExit?.containerID === containerID ? exits - 2 : undefined;
}
