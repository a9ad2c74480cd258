import type { Cancellable, Clock } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";
import type { ApiError } from "./api-error.ts";
import { isApiError } from "./api-error.ts";
import type { Kube } from "./kube.ts";
import { pathOf } from "./kube.ts";
import { podFromJson } from "./object-dates.ts";
import type { StatusOf } from "./plan-status-patch.ts";
import { hasForeignAddress, planStatusPatch } from "./plan-status-patch.ts";
import { systemClock } from "@krustlet/clock";

/** Options of {@link PodClient.deletePod}. */
export interface DeletePodOptions extends Cancellable {
  /** 0 removes the object at once: its containers are at their end. */
  readonly gracePeriodSeconds: number;
}

/** What a node does with the pods that it runs. Calls reject as `Kube.request` does; pods come with `Date`s. */
export interface PodClient {
  /**
   * Undefined where there is none. To a node that has no pod of this name it may be forbidden to look (403), whether
   * there is one or not.
   */
  getPod(namespace: string, name: string, options?: Cancellable): Promise<V1Pod | undefined>;
  /**
   * Makes the kubelet's part of a pod's status this one; what belongs to others stays. A conflict is tried again with
   * the newest pod, a 429 after the wait that it asks for.
   *
   * @returns the pod as it is then, or `"gone"` where it, or the pod of its name, is no longer the same
   */
  patchPodStatus(pod: V1Pod, status: StatusOf, options?: Cancellable): Promise<V1Pod | "gone">;
  /** Deletes this pod, never another one of its name; one that is gone already is deleted. */
  deletePod(pod: V1Pod, options: DeletePodOptions): Promise<void>;
  /** Creates a pod: the mirror of a static one. Rejects with 409 where there is one of its name. */
  createPod(pod: V1Pod, options?: Cancellable): Promise<V1Pod>;
}

/** How often a status is tried before the failure is the caller's. */
const TRIES = 5;
/** A longer wait is the caller's to make. */
const MAX_ASKED_MS = 5000;

/** What the Node authorizer says of objects that no pod on the node has to do with. */
const UNRELATED = "no relationship found between node";

/** Whether the API server says that the pod of this name is another one. */
function isOtherUid(error: ApiError): boolean {
  return error.code === 409 && error.message.includes("UID in precondition");
}

/** The calls of pods. */
export function podClient(kube: Kube, clock: Pick<Clock, "sleep"> = systemClock): PodClient {
  async function getPod(namespace: string, name: string, options?: Cancellable): Promise<V1Pod | undefined> {
    try {
      return podFromJson(await kube.request({ path: podPath(namespace, name) }, options));
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw error;
    }
  }

  /** The pod as it is now; `"gone"` where it is not there, or another one has its name, or it is not this node's. */
  async function samePod(pod: V1Pod, options: Cancellable): Promise<V1Pod | "gone"> {
    const { namespace = "", name = "", uid } = pod.metadata ?? {};
    try {
      const now = await getPod(namespace, name, options);
      return now?.metadata?.uid === uid && now !== undefined ? now : "gone";
    } catch (error) {
      // To the Node authorizer a pod that was deleted is one that never was.
      if (isApiError(error, 403) && error.message.includes(UNRELATED)) return "gone";
      throw error;
    }
  }

  async function patchPodStatus(
    pod: V1Pod,
    status: StatusOf,
    options: Cancellable = {},
  ): Promise<V1Pod | "gone"> {
    const path = podPath(pod.metadata?.namespace ?? "", pod.metadata?.name ?? "", "status");
    let known = pod;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const body = planStatusPatch(known, status);
        const patched = podFromJson(await kube.request<V1Pod>({ method: "PATCH", path, body }, options));
        // Where the pod had addresses that we did not know of, they are still there.
        if (!hasForeignAddress(patched, status, "podIPs") && !hasForeignAddress(patched, status, "hostIPs")) {
          return patched;
        }
        known = patched;
      } catch (error) {
        if (!isApiError(error)) throw error;
        if (error.code === 404 || isOtherUid(error)) return "gone";
        if (attempt >= TRIES) throw error;
        if (error.code === 409 || (error.code === 422 && attempt === 1) || error.code === 403) {
          const now = await samePod(pod, options);
          if (now === "gone") return "gone";
          if (error.code === 403) throw error;
          known = now;
        } else if (error.code === 429 && (error.retryAfterMs ?? 1000) <= MAX_ASKED_MS) {
          await clock.sleep(error.retryAfterMs ?? 1000, options);
        } else throw error;
      }
      if (attempt >= TRIES) return known;
    }
  }

  async function deletePod(pod: V1Pod, { gracePeriodSeconds, ...options }: DeletePodOptions): Promise<void> {
    const { namespace = "", name = "", uid } = pod.metadata ?? {};
    const body = {
      kind: "DeleteOptions",
      apiVersion: "v1",
      gracePeriodSeconds,
      preconditions: { uid },
    };
    try {
      await kube.request({ method: "DELETE", path: podPath(namespace, name), body }, options);
    } catch (error) {
      if (!isApiError(error)) throw error;
      if (error.code === 404 || isOtherUid(error)) return;
      const unclear = error.code === 409 || error.code === 403;
      if (unclear && (await samePod(pod, options)) === "gone") return;
      throw error;
    }
  }

  return {
    getPod,
    patchPodStatus,
    deletePod,
    createPod: async (pod, options) => {
      const path = pathOf("api", "v1", "namespaces", pod.metadata?.namespace ?? "", "pods");
      return podFromJson(await kube.request({ method: "POST", path, body: pod }, options));
    },
  };
}

function podPath(namespace: string, name: string, ...rest: readonly string[]): string {
  return pathOf("api", "v1", "namespaces", namespace, "pods", name, ...rest);
}
