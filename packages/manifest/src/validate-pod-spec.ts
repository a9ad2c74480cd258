import type { V1Container, V1PodSpec } from "@kubernetes/client-node";

import { dnsLabelProblem, dnsSubdomainProblem } from "./names.ts";
import type { FieldPath, Report } from "./problem.ts";
import { oneOf } from "./rules.ts";
import { validateContainer } from "./validate-container.ts";
import { validateVolumes } from "./validate-volumes.ts";

const MAX_DEADLINE = 2 ** 31 - 1;

/** Checks what the API server checks of a Pod's spec beyond types, as far as Krustlet gives the fields a meaning. */
export function validatePodSpec(spec: V1PodSpec, path: FieldPath, report: Report): void {
  oneOf(spec.restartPolicy, ["Always", "OnFailure", "Never"], [...path, "restartPolicy"], report);
  oneOf(
    spec.dnsPolicy,
    ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    [...path, "dnsPolicy"],
    report,
  );
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    report([...path, "terminationGracePeriodSeconds"], "may not be negative");
  }
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_DEADLINE)) {
    report([...path, "activeDeadlineSeconds"], `must be between 1 and ${MAX_DEADLINE}`);
  }
  if (spec.runtimeClassName !== undefined) {
    const problem = dnsSubdomainProblem(spec.runtimeClassName);
    if (problem !== undefined) report([...path, "runtimeClassName"], problem);
  }
  for (const field of ["hostname", "subdomain"] as const) {
    const problem = spec[field] ? dnsLabelProblem(spec[field]) : undefined;
    if (problem !== undefined) report([...path, field], problem);
  }
  if (spec.os !== undefined) oneOf(spec.os.name, ["linux"], [...path, "os", "name"], report);
  const volumes = validateVolumes(spec.volumes ?? [], [...path, "volumes"], report);
  validateContainers(spec, volumes, path, report);
}

function validateContainers(
  spec: V1PodSpec,
  volumes: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
): void {
  const containers = spec.containers ?? [];
  if (Array.isArray(containers) && containers.length === 0) report([...path, "containers"], "is required");
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  const check = (list: readonly V1Container[], field: string): void => {
    for (const [index, container] of list.entries()) {
      const at = [...path, field, index];
      if (names.has(container.name))
        report([...at, "name"], `there is another container "${container.name}"`);
      names.add(container.name);
      validateContainer(container, { path: at, init: field === "initContainers", volumes, report });
      if (field !== "containers") continue;
      for (const [position, port] of (container.ports ?? []).entries()) {
        if (!port.hostPort) continue;
        if (spec.hostNetwork === true && port.hostPort !== port.containerPort) {
          report([...at, "ports", position, "hostPort"], "must be containerPort where hostNetwork is true");
        }
        const key = `${port.hostIP ?? ""} ${port.protocol ?? "TCP"} ${port.hostPort}`;
        if (hostPorts.has(key)) {
          report([...at, "ports", position, "hostPort"], "another port of the Pod has it already");
        }
        hostPorts.add(key);
      }
    }
  };
  check(spec.initContainers ?? [], "initContainers");
  check(containers, "containers");
}
