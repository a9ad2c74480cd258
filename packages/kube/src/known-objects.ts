import type { WatchedObject } from "./parse-watch-event.ts";

/** What is told of a kind of object. `synced` comes once, when all that there is has been told. */
export type ObjectChange<T> =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: T }
  | { readonly type: "synced" };

/** A change of one object. */
export type ObjectEvent<T> = Exclude<ObjectChange<T>, { readonly type: "synced" }>;

/**
 * What the listener of a watch has been told, so that after a gap it can be told the rest and nothing twice: an object
 * is the same while its UID is, and unchanged while its resource version is.
 */
export class KnownObjects<T extends WatchedObject> {
  #objects = new Map<string, T>();

  /** The objects that are there, as they were told last. */
  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** What an object that is there now makes to tell. */
  put(object: T): readonly ObjectEvent<T>[] {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (known !== undefined && isSame(known, object) && versionOf(known) === versionOf(object)) return [];
    this.#objects.set(key, object);
    if (known === undefined) return [{ type: "added", object }];
    if (isSame(known, object)) return [{ type: "modified", object }];
    return [
      { type: "deleted", object: known },
      { type: "added", object },
    ];
  }

  /** What an object that is gone makes to tell: its last state, once. */
  remove(object: T): readonly ObjectEvent<T>[] {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    // A later one of the same name stays.
    if (known === undefined || !isSame(known, object)) return [];
    this.#objects.delete(key);
    return [{ type: "deleted", object }];
  }

  /** What a whole list makes to tell: first what is gone, in its last known state. */
  replace(objects: Iterable<T>): readonly ObjectEvent<T>[] {
    const listed = new Map<string, T>();
    for (const object of objects) listed.set(keyOf(object), object);
    const events: ObjectEvent<T>[] = [];
    for (const [key, known] of this.#objects) {
      if (listed.has(key)) continue;
      this.#objects.delete(key);
      events.push({ type: "deleted", object: known });
    }
    for (const object of listed.values()) events.push(...this.put(object));
    return events;
  }
}

/** Pure: what an object is known by while it is there: no two of one kind share it. */
export function keyOf({ metadata }: WatchedObject): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
}

function isSame(a: WatchedObject, b: WatchedObject): boolean {
  return a.metadata?.uid === b.metadata?.uid;
}

function versionOf({ metadata }: WatchedObject): string | undefined {
  return metadata?.resourceVersion;
}
