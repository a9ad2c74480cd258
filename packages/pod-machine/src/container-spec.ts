import type { Container } from "./container-graph.ts";
import { isIn } from "./container-moves.ts";
import type { ContainerInput } from "./container-transition.ts";
import { containerTransition } from "./container-transition.ts";
import type { MachineOptions } from "./pod-graph.ts";
import type { ContainerLike } from "./pod-like.ts";

/** A container's spec as the machine keeps it: where nobody runs probes, there are none. */
export function specFor(spec: ContainerLike, { probes = false }: MachineOptions): ContainerLike {
  if (probes) return spec;
  return { ...spec, startupProbe: undefined, readinessProbe: undefined, livenessProbe: undefined };
}

/**
 * `container` with a changed spec. Another image begins a new record, ends the current run (whose policy does not
 * matter then), and is tried at once where the old one was being waited for. An init container that has begun goes on.
 */
export function withSpec(container: Container, spec: ContainerLike, stop: ContainerInput): Container {
  const next = { ...container, spec };
  if (spec.image === container.spec.image || isIn(container, "Waiting", "Abandoned")) return next;
  const clean = { ...next, crash: undefined, pullFailures: 0, waiting: undefined };
  if (isIn(container, "Pulling", "PullFailed", "PullBackOff", "StartBackOff", "CrashBackOff")) {
    return containerTransition(clean, { type: "begin", at: stop.at });
  }
  return container.kind !== "init" && isIn(container, "Starting", "Running")
    ? containerTransition(clean, stop)
    : clean;
}
