import { isApiError } from "./api-error.ts";
import type { Kube } from "./kube.ts";
import type { WatchedObject } from "./parse-watch-event.ts";

/** Which objects. */
export interface ObjectTarget {
  /** The collection: `/api/v1/pods`, `/api/v1/namespaces/default/secrets`. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** All objects of a target at one version. */
export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

interface ListAnswer<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

const PAGE = 500;

/**
 * Lists the objects of a target, in pages; the newest state there is, never an older one from a cache. Where the API
 * server has forgotten a later page (410) it is asked for everything at once.
 *
 * @throws as {@link Kube.request}
 */
export async function listObjects<T extends WatchedObject>(
  kube: Kube,
  target: ObjectTarget,
  signal: AbortSignal,
): Promise<ObjectList<T>> {
  const { path, fieldSelector, labelSelector } = target;
  const ask = (page: { limit?: number; continue?: string }): Promise<ListAnswer<T>> =>
    kube.request({ path, query: { fieldSelector, labelSelector, ...page } }, { signal });
  let answer = await ask({ limit: PAGE });
  const items = [...(answer.items ?? [])];
  while (answer.metadata?.continue !== undefined && answer.metadata.continue !== "") {
    try {
      answer = await ask({ limit: PAGE, continue: answer.metadata.continue });
    } catch (error) {
      if (!isApiError(error, 410)) throw error;
      answer = await ask({});
      items.length = 0;
    }
    items.push(...(answer.items ?? []));
  }
  return { items, resourceVersion: answer.metadata?.resourceVersion ?? "" };
}
