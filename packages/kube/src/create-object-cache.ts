import type {
  Cancellable,
  Clock,
  ObjectKey,
  ObjectSource,
  PersistentVolumeClaimObject,
  PersistentVolumeObject,
} from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import type { V1ConfigMap, V1Pod, V1Secret } from "@kubernetes/client-node";
import { Subject } from "rxjs";
import type { Observable, Subscription } from "rxjs";
import { isApiError } from "./api-error.ts";
import { messageOf } from "./connection-error.ts";
import type { Kube } from "./kube.ts";
import { pathOf } from "./kube.ts";
import { referencedObjectsOf } from "./referenced-objects.ts";
import { systemClock } from "@krustlet/clock";
import { watchObjects } from "./watch-objects.ts";

/** Options of {@link createObjectCache}. */
export interface ObjectCacheOptions {
  /** How long a reader waits for an object's first state. Default 10,000 ms. */
  readonly waitMs?: number;
  readonly clock?: Clock;
  /** Told of every failure of a watch; it goes on by itself. */
  readonly onFailure?: (object: ObjectKey, error: unknown) => void;
}

/** The ConfigMaps and Secrets that pods need, kept up to date. Owns its watches. */
export interface ObjectCache extends ObjectSource, Disposable {
  /** From now on everything that this pod names is watched. Once more for a pod whose spec changed. */
  register(pod: V1Pod): void;
  /** The pod is gone. What no other pod names is watched no longer, and forgotten. */
  unregister(uid: string): void;
  /** Objects that have changed since a pod could read them: added, modified or deleted. Completes at the end. */
  readonly changed$: Observable<ObjectKey>;
}

type Held = V1ConfigMap | V1Secret;

interface Entry {
  readonly name: ObjectKey;
  readonly pods: Set<string>;
  readonly watching: Subscription;
  object: Held | undefined;
  synced: boolean;
  failure: unknown;
  readonly waiting: Set<() => void>;
}

/**
 * The objects that pods of this node name: one watch for each, since a node may read them only one at a time and only
 * while a pod on it names them. An object that no registered pod names is read from the API server each time.
 */
export function createObjectCache(kube: Kube, options: ObjectCacheOptions = {}): ObjectCache {
  const { clock = systemClock, waitMs = 10_000 } = options;
  const entries = new Map<string, Entry>();
  const pods = new Map<string, ReadonlySet<string>>();
  const changed = new Subject<ObjectKey>();

  function watch(name: ObjectKey): Entry {
    const target = { path: collectionOf(name), fieldSelector: `metadata.name=${name.name}` };
    const entry: Entry = {
      name,
      pods: new Set(),
      object: undefined,
      synced: false,
      failure: undefined,
      waiting: new Set(),
      watching: watchObjects<Held>(kube, target, {
        clock,
        onFailure: (error) => {
          entry.failure = error;
          options.onFailure?.(name, error);
        },
      }).subscribe((change) => {
        if (change.type === "synced") {
          entry.synced = true;
          for (const wake of entry.waiting) wake();
          return;
        }
        entry.object = change.type === "deleted" ? undefined : change.object;
        if (entry.synced) changed.next(name);
      }),
    };
    return entry;
  }

  function release(key: string, uid: string): void {
    const entry = entries.get(key);
    if (entry === undefined || !entry.pods.delete(uid) || entry.pods.size > 0) return;
    entries.delete(key);
    entry.watching.unsubscribe();
    entry.object = undefined;
    for (const wake of entry.waiting) wake();
  }

  async function read<T extends Held>(
    name: ObjectKey,
    cancellable: Cancellable = {},
  ): Promise<T | undefined> {
    const entry = entries.get(keyOf(name));
    if (entry === undefined) return readNow<T>(collectionOf(name) + pathOf(name.name), cancellable);
    if (!entry.synced) await arrival(entry, cancellable);
    if (entry.synced) return entry.object as T | undefined;
    if (entries.get(keyOf(name)) !== entry)
      return readNow<T>(collectionOf(name) + pathOf(name.name), cancellable);
    const why =
      entry.failure === undefined ? "the API server has not answered yet" : messageOf(entry.failure);
    const sentence = `The ${name.kind} ${name.namespace}/${name.name} cannot be read: ${why.replace(/\.$/, "")}.`;
    throw new KrustletError("ApiServerUnavailable", sentence, { cause: entry.failure, retryable: true });
  }

  /** Resolves when the object's first state is there, or it is no longer watched, or it took too long. */
  async function arrival(entry: Entry, { signal }: Cancellable): Promise<void> {
    const end = new AbortController();
    const wake = (): void => end.abort();
    signal?.addEventListener("abort", wake, { once: true });
    entry.waiting.add(wake);
    await clock.sleep(waitMs, { signal: end.signal }).catch(() => undefined);
    entry.waiting.delete(wake);
    signal?.removeEventListener("abort", wake);
    signal?.throwIfAborted();
  }

  async function readNow<T>(path: string, cancellable: Cancellable): Promise<T | undefined> {
    try {
      return await kube.request<T>({ path }, cancellable);
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw error;
    }
  }

  return {
    changed$: changed.asObservable(),
    register: (pod) => {
      const uid = pod.metadata?.uid ?? "";
      const needed = new Map(referencedObjectsOf(pod).map((name) => [keyOf(name), name]));
      for (const [key, name] of needed) {
        let entry = entries.get(key);
        if (entry === undefined) entries.set(key, (entry = watch(name)));
        entry.pods.add(uid);
      }
      for (const key of pods.get(uid) ?? []) if (!needed.has(key)) release(key, uid);
      pods.set(uid, new Set(needed.keys()));
    },
    unregister: (uid) => {
      for (const key of pods.get(uid) ?? []) release(key, uid);
      pods.delete(uid);
    },
    configMap: (namespace, name, cancellable) =>
      read<V1ConfigMap>({ kind: "ConfigMap", namespace, name }, cancellable),
    secret: (namespace, name, cancellable) =>
      read<V1Secret>({ kind: "Secret", namespace, name }, cancellable),
    persistentVolumeClaim: (namespace, name, cancellable = {}) => {
      const path = pathOf("api", "v1", "namespaces", namespace, "persistentvolumeclaims", name);
      return readNow<PersistentVolumeClaimObject>(path, cancellable);
    },
    persistentVolume: (name, cancellable = {}) =>
      readNow<PersistentVolumeObject>(pathOf("api", "v1", "persistentvolumes", name), cancellable),
    [Symbol.dispose]: () => {
      for (const uid of pods.keys()) for (const key of pods.get(uid) ?? []) release(key, uid);
      pods.clear();
      changed.complete();
    },
  };
}

function keyOf({ kind, namespace, name }: ObjectKey): string {
  return `${kind}/${namespace}/${name}`;
}

function collectionOf({ kind, namespace }: ObjectKey): string {
  return pathOf("api", "v1", "namespaces", namespace, kind === "Secret" ? "secrets" : "configmaps");
}
