import type { ApiError, StatusLike } from "./api-error.ts";
import { apiErrorOf } from "./api-error.ts";

/** What of every object a watch needs. */
export interface WatchedObject {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** One line of a watch. */
export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  /** Nothing that is watched changed up to this version; `initialEnd` after the last object of a watch-list. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string; readonly initialEnd: boolean }
  | { readonly type: "ERROR"; readonly error: ApiError };

const INITIAL_END = "k8s.io/initial-events-end";

/**
 * Pure: a line of a watch; undefined for one that says nothing known: the stream cannot be relied upon any more.
 *
 * @param call - for the sentence of an `ERROR`
 */
export function parseWatchEvent<T extends WatchedObject>(
  line: string,
  call: string,
): WatchEvent<T> | undefined {
  let event: { readonly type?: unknown; readonly object?: (T & StatusLike) | null };
  try {
    event = JSON.parse(line) as typeof event;
  } catch {
    return undefined;
  }
  const { type, object } = event ?? {};
  if (typeof object !== "object" || object === null) return undefined;
  if (type === "ERROR") {
    const code = typeof object.code === "number" ? object.code : 500;
    const error = apiErrorOf(call, code, JSON.stringify({ ...object, kind: "Status" }));
    return { type, error };
  }
  const { metadata } = object;
  if (typeof metadata?.resourceVersion !== "string") return undefined;
  if (type === "BOOKMARK") {
    const initialEnd = metadata.annotations?.[INITIAL_END] === "true";
    return { type, resourceVersion: metadata.resourceVersion, initialEnd };
  }
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") return undefined;
  return typeof metadata.name === "string" ? { type, object } : undefined;
}
