import type { Clock } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

import { podKeyOf } from "./container-plan.ts";
import type { PodChange, PodFailure } from "./kubelet-init.ts";
import { planMirror } from "./plan-mirror.ts";
import { mirrorOf } from "./static-pod.ts";

/** How mirrors of static pods are made at the API server. */
export interface MirrorPorts {
  /** Rejects where the API server does not take it; one that is there already may be one of the reasons. */
  readonly createPod: (pod: V1Pod, options: { readonly signal: AbortSignal }) => Promise<V1Pod>;
  /** As `deletePod` of the kubelet. */
  readonly deletePod: (
    pod: V1Pod,
    options: { readonly gracePeriodSeconds: number; readonly signal: AbortSignal },
  ) => Promise<unknown>;
  /** The Node, which owns them. */
  readonly node: () => { readonly name: string; readonly uid: string | undefined };
}

/** Keeps a mirror of every static pod at the API server, and none of any other. */
export interface MirrorKeeper {
  /** What a source tells of an object that is a mirror. */
  told(change: PodChange): void;
  /** A static pod lives from here on, and until `ended`. */
  began(pod: V1Pod): void;
  ended(pod: V1Pod): void;
  /** All sources have told everything: what is missing, or too many, is so. Before that nothing is done. */
  synced(): void;
  /** The mirror of a static pod as it is now; pending until there is one. Rejects with the signal's reason. */
  whenThere(pod: V1Pod, signal: AbortSignal): Promise<V1Pod>;
  /** Calls back whenever a new mirror of this static pod is there: its status is not written yet. */
  onAppeared(pod: V1Pod, listener: () => void): () => void;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** To delete a mirror, and to create another one. */
const STEPS_AT_ONCE = 2;

interface Entry {
  pod: V1Pod | undefined;
  mirror: V1Pod | undefined;
  /** UID of the one that was deleted last. */
  gone: string | undefined;
  working: boolean;
  readonly listeners: Set<() => void>;
}

/** Makes the keeper; `signal` ends what is under way. */
export function createMirrorKeeper(
  ports: MirrorPorts,
  { clock, failed, signal }: { clock: Clock; failed: (failure: PodFailure) => void; signal: AbortSignal },
): MirrorKeeper {
  const entries = new Map<string, Entry>();
  let ready = false;
  const nameOf = (pod: V1Pod): string => `${podKeyOf(pod).namespace}/${podKeyOf(pod).name}`;
  const entryOf = (pod: V1Pod): Entry => {
    const known = entries.get(nameOf(pod));
    if (known !== undefined) return known;
    const entry: Entry = {
      pod: undefined,
      mirror: undefined,
      gone: undefined,
      working: false,
      listeners: new Set(),
    };
    entries.set(nameOf(pod), entry);
    return entry;
  };
  const forget = (name: string, entry: Entry): void => {
    if (entry.pod === undefined && entry.mirror === undefined && entry.listeners.size === 0)
      entries.delete(name);
  };
  const setMirror = (entry: Entry, mirror: V1Pod | undefined): void => {
    const isNew = mirror !== undefined && mirror.metadata?.uid !== entry.mirror?.metadata?.uid;
    entry.mirror = mirror;
    if (isNew) for (const listener of entry.listeners) listener();
  };
  /** Does what is due; false if nothing is. */
  const perform = async (entry: Entry): Promise<boolean> => {
    const plan = planMirror(entry.pod, entry.mirror);
    if (plan === undefined) return false;
    if (plan.do === "create") {
      const made = await ports.createPod(mirrorOf(plan.pod, ports.node()), { signal });
      if (entry.mirror === undefined) setMirror(entry, made);
      return true;
    }
    const { mirror } = plan;
    await ports.deletePod(mirror, { gracePeriodSeconds: 0, signal });
    // What was told of it before, and comes now, counts no more.
    entry.gone = mirror.metadata?.uid;
    if (entry.mirror?.metadata?.uid === entry.gone) setMirror(entry, undefined);
    return true;
  };
  const work = async (name: string, entry: Entry): Promise<void> => {
    if (entry.working || !ready) return;
    entry.working = true;
    let delay = FIRST_RETRY_MS;
    for (let done = 0; !signal.aborted;) {
      try {
        if (!(await perform(entry))) break;
        done += 1;
        // One that goes makes room for the next. After that, somebody changes what we make as fast as we make it.
        if (done > STEPS_AT_ONCE) {
          await clock.sleep(delay, { signal });
          delay = Math.min(delay * 2, LAST_RETRY_MS);
        }
      } catch (error) {
        if (signal.aborted) break;
        failed({ pod: podKeyOf(entry.pod ?? entry.mirror ?? {}), action: "mirror", error });
        await clock.sleep(delay, { signal }).catch(() => undefined);
        delay = Math.min(delay * 2, LAST_RETRY_MS);
      }
    }
    entry.working = false;
    forget(name, entry);
  };
  const look = (pod: V1Pod, entry: Entry): void => void work(nameOf(pod), entry);
  const onAppeared = (pod: V1Pod, listener: () => void): (() => void) => {
    const entry = entryOf(pod);
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      forget(nameOf(pod), entry);
    };
  };
  return {
    told: ({ type, pod }) => {
      const entry = entryOf(pod);
      if (type !== "removed") {
        if (pod.metadata?.uid !== entry.gone) setMirror(entry, pod);
      } else if (entry.mirror?.metadata?.uid === pod.metadata?.uid) setMirror(entry, undefined);
      look(pod, entry);
    },
    began: (pod) => {
      const entry = entryOf(pod);
      entry.pod = pod;
      look(pod, entry);
    },
    ended: (pod) => {
      const entry = entryOf(pod);
      if (entry.pod?.metadata?.uid === pod.metadata?.uid) entry.pod = undefined;
      look(pod, entry);
    },
    synced: () => {
      ready = true;
      for (const [name, entry] of entries) void work(name, entry);
    },
    whenThere: (pod, waits) =>
      new Promise((resolve, reject) => {
        const entry = entryOf(pod);
        // One that is about to go has no use for a status.
        const found = (): V1Pod | undefined =>
          planMirror(pod, entry.mirror) === undefined ? entry.mirror : undefined;
        const there = found();
        if (waits.aborted) return reject(waits.reason as Error);
        if (there !== undefined) return resolve(there);
        const stop = onAppeared(pod, () => {
          const mirror = found();
          if (mirror === undefined) return;
          waits.removeEventListener("abort", abort);
          stop();
          resolve(mirror);
        });
        const abort = (): void => {
          stop();
          reject(waits.reason as Error);
        };
        waits.addEventListener("abort", abort, { once: true });
      }),
    onAppeared,
  };
}
