import type { Container } from "./container-graph.ts";
import type { ContainerLike } from "./pod-like.ts";

/**
 * Whether a container that ended this way is run again. `restartPolicy` is the pod's; a container's own rules come
 * first, then its own policy.
 */
export function mayRestart(restartPolicy: string | undefined, container: Container<"Terminated">): boolean {
  const { kind, spec, state } = container;
  if (state.cause === "changed") return true;
  const succeeded = state.exit.exitCode === 0;
  // An init container that succeeded has done what it was for, whatever the policy.
  if (kind === "init" && succeeded) return false;
  if (matchesRestartRule(spec, state.exit.exitCode)) return true;
  // What a sidecar is stays so, whatever a changed spec says: others wait for it.
  const policy = kind === "sidecar" ? "Always" : (spec.restartPolicy ?? restartPolicy ?? "Always");
  if (policy === "Never") return false;
  // The kubelet restarts what a probe condemned without asking how it then ended.
  if (state.cause === "liveness" || state.cause === "startup") return true;
  return policy === "Always" || !succeeded;
}

function matchesRestartRule(spec: ContainerLike, exitCode: number): boolean {
  const rule = spec.restartPolicyRules?.find(({ exitCodes }) => {
    const listed = exitCodes?.values?.includes(exitCode) ?? false;
    return exitCodes?.operator === "In" ? listed : exitCodes?.operator === "NotIn" && !listed;
  });
  return rule?.action === "Restart";
}
