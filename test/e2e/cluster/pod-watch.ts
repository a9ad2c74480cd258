import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "@krustlet/control-plane";

/** What an observer saw: every state of every pod of a namespace that the API server had, in order. */
export interface PodWatch extends AsyncDisposable {
  /** The states of a pod so far, first the oldest. */
  history(name: string): readonly V1Pod[];
  /** Resolves with the first state, past or to come, for which `holds` is true; rejects with the last one after `ms`. */
  until(name: string, what: string, holds: (pod: V1Pod) => boolean, ms?: number): Promise<V1Pod>;
  /** Resolves once a pod of this name was deleted; rejects with its last state after `ms`. */
  untilGone(name: string, ms?: number): Promise<void>;
}

interface PodEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: V1Pod;
}

const PATIENCE_MS = 30_000;
/** An API server that is away is not asked all the time. */
const AGAIN_MS = 250;

/** Watches the pods of a namespace with kubectl, from outside of the node. Disposing ends it. */
export function watchPods(cluster: Cluster, namespace: string): PodWatch {
  const events: PodEvent[] = [];
  const waiting = new Set<() => void>();
  const args = [
    "get",
    "pods",
    `--namespace=${namespace}`,
    "--watch",
    "--output-watch-events",
    "--output=json",
  ];
  const env = {
    PATH: process.env["PATH"],
    HOME: cluster.address.directory,
    KUBECONFIG: cluster.adminKubeconfig,
  };
  let open = true;
  const watch = (): ChildProcess => {
    const child = spawn(cluster.address.kubectl, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    createInterface(child.stdout).on("line", (line) => {
      events.push(JSON.parse(line) as PodEvent);
      for (const look of waiting) look();
    });
    // The API server sends away who reads too slowly, and kubectl does not come back by itself.
    child.once("close", () => {
      if (open) setTimeout(() => open && (current = watch()), AGAIN_MS);
    });
    return child;
  };
  let current = watch();

  const of = (name: string): readonly PodEvent[] =>
    events.filter(({ object }) => object.metadata?.name === name);
  const awaited = <T>(look: () => T | undefined, ms: number, otherwise: () => string): Promise<T> =>
    new Promise((resolve, reject) => {
      const tryIt = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(late);
        waiting.delete(tryIt);
        resolve(found);
      };
      const late = setTimeout(() => {
        waiting.delete(tryIt);
        reject(new Error(otherwise()));
      }, ms);
      waiting.add(tryIt);
      tryIt();
    });
  const last = (name: string): string =>
    JSON.stringify(of(name).at(-1)?.object.status ?? "no pod", undefined, 2);

  return {
    history: (name) => of(name).map(({ object }) => object),
    until: (name, what, holds, ms = PATIENCE_MS) =>
      awaited(
        () => of(name).find(({ object }) => holds(object))?.object,
        ms,
        () => `Pod ${namespace}/${name} was not ${what} within ${ms} ms; its last status: ${last(name)}`,
      ),
    untilGone: (name, ms = PATIENCE_MS) =>
      awaited(
        () => (of(name).some(({ type }) => type === "DELETED") ? true : undefined),
        ms,
        () => `Pod ${namespace}/${name} was not gone within ${ms} ms; its last status: ${last(name)}`,
      ).then(() => undefined),
    [Symbol.asyncDispose]: async () => {
      open = false;
      if (current.exitCode !== null || current.signalCode !== null) return;
      const ended = new Promise((resolve) => current.once("close", resolve));
      current.kill("SIGKILL");
      await ended;
    },
  };
}

/** Whether a pod's phase is `phase`. */
export function inPhase(phase: string): (pod: V1Pod) => boolean {
  return (pod) => pod.status?.phase === phase;
}

/** Whether a pod's condition `type` is True. */
export function hasCondition(type: string): (pod: V1Pod) => boolean {
  return (pod) =>
    pod.status?.conditions?.some((found) => found.type === type && found.status === "True") === true;
}
