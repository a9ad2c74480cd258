import type { V1Pod } from "@kubernetes/client-node";
import { merge, Subject } from "rxjs";
import type { Observable } from "rxjs";

import type { SourceChange } from "./kubelet-init.ts";
import { manifestDirectory } from "./manifest-directory.ts";
import type { ManifestDirectoryInit } from "./manifest-directory.ts";
import { staticPodOf } from "./static-pod.ts";

/** Init of {@link staticPods}. */
export interface StaticPodsInit<Manifest extends { readonly pods: readonly V1Pod[] }> extends Omit<
  ManifestDirectoryInit<Manifest>,
  "identify" | "onScanned"
> {
  readonly nodeName: string;
}

/**
 * The static pods of a node: those of a directory of manifests. They run whether or not there is an API server. A pod
 * whose manifest changes is another pod; one whose manifest stays the same is the same pod after a restart.
 */
export function staticPods<Manifest extends { readonly pods: readonly V1Pod[] }>(
  init: StaticPodsInit<Manifest>,
): Observable<SourceChange> {
  const { nodeName, clock } = init;
  const synced$ = new Subject<SourceChange>();
  let synced = false;
  return merge(
    synced$,
    manifestDirectory({
      ...init,
      identify: (pod, file) => staticPodOf(pod, { nodeName, file, seen: clock.now() }),
      onScanned: () => {
        if (!synced) synced$.next({ type: "synced" });
        synced = true;
      },
    }),
  );
}
