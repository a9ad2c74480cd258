import type { AdmissionPod, Rejection } from "./pod.ts";

/** What {@link handlerOf} decides by. */
export interface HandlerInit {
  readonly pod: AdmissionPod;
  /** RuntimeClasses of the cluster. Absent, where there is no API server: a class's name is its handler. */
  readonly runtimeClasses?: readonly RuntimeClassLike[];
  /** Names of the runtimes that the node has. */
  readonly runtimes: readonly string[];
  /** The one for pods that name no class. */
  readonly defaultRuntime: string;
}

/** What of a `V1RuntimeClass` counts here. */
export interface RuntimeClassLike {
  readonly metadata?: { readonly name?: string };
  readonly handler: string;
}

/** Which runtime runs a pod. */
export type Handler =
  | { readonly found: "runtime"; readonly runtime: string }
  /**
   * The class may yet be made, or its pods may yet leave: the pod waits, with the Warning event
   * `FailedCreatePodSandBox`, and tries again. If it failed, its ReplicaSet would make the next one at once.
   */
  | { readonly found: "later"; readonly message: string }
  /** There is no API server, and the Pod itself names a runtime that is none. */
  | ({ readonly found: "nothing" } & Rejection);

/**
 * The runtime of `pod`: that of the RuntimeClass it names, or the default. `message` of `later` is the event's, as
 * the kubelet writes it.
 */
export function handlerOf({ pod, runtimeClasses, runtimes, defaultRuntime }: HandlerInit): Handler {
  const name = pod.spec?.runtimeClassName;
  if (!name) return { found: "runtime", runtime: defaultRuntime };
  const quoted = JSON.stringify(name);
  const runtimeClass = runtimeClasses?.find(({ metadata }) => metadata?.name === name);
  if (runtimeClasses !== undefined && runtimeClass === undefined) {
    return {
      found: "later",
      message: `Failed to create pod sandbox: runtimeclass.node.k8s.io ${quoted} not found`,
    };
  }
  const handler = runtimeClass?.handler ?? name;
  if (runtimes.includes(handler)) return { found: "runtime", runtime: handler };
  const known = runtimes.join(", ");
  if (runtimeClass !== undefined) {
    const unknown = `the handler ${JSON.stringify(handler)} of RuntimeClass ${quoted}`;
    const message = `Failed to create pod sandbox: ${unknown} is none that this node has (${known})`;
    return { found: "later", message };
  }
  const { namespace = "default", name: podName = "" } = pod.metadata ?? {};
  return {
    found: "nothing",
    reason: "RuntimeHandlerNotFound",
    message: `pod ${namespace}/${podName}: spec.runtimeClassName ${quoted} is none that this node knows (${known})`,
  };
}
