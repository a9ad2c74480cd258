import type { V1Container, V1ContainerPort, V1VolumeMount } from "@kubernetes/client-node";
import { compareQuantities, parseQuantity } from "@krustlet/quantity";

import { didYouMean } from "./did-you-mean.ts";
import { dnsLabelProblem, portNameProblem, qualifiedNameProblem } from "./names.ts";
import { printable } from "./problem.ts";
import type { FieldPath, Report } from "./problem.ts";
import { oneOf, relativePath } from "./rules.ts";
import { validateEnv } from "./validate-env.ts";

/** Where a container stands. */
export interface ContainerPlace {
  readonly path: FieldPath;
  readonly init: boolean;
  /** Names of the Pod's volumes. */
  readonly volumes: ReadonlySet<string>;
  readonly report: Report;
}

/** Checks one container. */
export function validateContainer(container: V1Container, place: ContainerPlace): void {
  const { path, init, report } = place;
  const problem = container.name && dnsLabelProblem(container.name);
  if (problem) report([...path, "name"], problem);
  const { image } = container;
  if (image === undefined || image === "") report([...path, "image"], "is required");
  else if (image.trim() !== image) report([...path, "image"], "may not begin or end with a space");
  oneOf(container.imagePullPolicy, ["Always", "IfNotPresent", "Never"], [...path, "imagePullPolicy"], report);
  oneOf(
    container.terminationMessagePolicy,
    ["File", "FallbackToLogsOnError"],
    [...path, "terminationMessagePolicy"],
    report,
  );
  oneOf(container.restartPolicy, ["Always", "OnFailure", "Never"], [...path, "restartPolicy"], report);
  if (init && container.restartPolicy !== "Always") {
    for (const field of ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] as const) {
      if (container[field] !== undefined) {
        report([...path, field], "an init container has it only with restartPolicy: Always");
      }
    }
  }
  validateEnv(container, path, report);
  validatePorts(container.ports ?? [], [...path, "ports"], report);
  validateResources(container, path, report);
  validateMounts(container.volumeMounts ?? [], place);
}

function validatePorts(ports: readonly V1ContainerPort[], path: FieldPath, report: Report): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = [...path, index];
    for (const field of ["containerPort", "hostPort"] as const) {
      const number = port[field];
      if (number === undefined || (field === "hostPort" && number === 0)) continue;
      if (number < 1 || number > 65_535) report([...at, field], `must be between 1 and 65535, got ${number}`);
    }
    oneOf(port.protocol, ["TCP", "UDP", "SCTP"], [...at, "protocol"], report);
    if (port.name === undefined || port.name === "") continue;
    const problem = portNameProblem(port.name);
    if (problem !== undefined) report([...at, "name"], problem);
    if (names.has(port.name)) report([...at, "name"], `there is another port "${printable(port.name)}"`);
    names.add(port.name);
  }
}

function validateResources({ resources }: V1Container, path: FieldPath, report: Report): void {
  const { limits = {}, requests = {} } = resources ?? {};
  for (const [list, quantities] of [
    ["limits", limits],
    ["requests", requests],
  ] as const) {
    for (const [resource, quantity] of Object.entries(quantities)) {
      const at = [...path, "resources", list, resource];
      const problem = qualifiedNameProblem(resource);
      if (problem !== undefined) report(at, problem);
      else if (!resource.includes("/") && !/^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/.test(resource)) {
        report(at, `unknown resource${didYouMean(resource, ["cpu", "memory", "ephemeral-storage"])}`);
      }
      if (parseQuantity(quantity).nano < 0n) report(at, "may not be negative");
    }
  }
  for (const [resource, request] of Object.entries(requests)) {
    const limit = Object.hasOwn(limits, resource) ? limits[resource] : undefined;
    if (limit !== undefined && compareQuantities(parseQuantity(request), parseQuantity(limit)) > 0) {
      report([...path, "resources", "requests", resource], `must be at most the limit, ${limit}`);
    }
  }
}

function validateMounts(mounts: readonly V1VolumeMount[], { path, volumes, report }: ContainerPlace): void {
  const paths = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const at = [...path, "volumeMounts", index];
    if (mount.name && !volumes.has(mount.name)) {
      report(
        [...at, "name"],
        `the Pod has no volume "${printable(mount.name)}"${didYouMean(mount.name, volumes)}`,
      );
    }
    if (mount.mountPath) {
      const target = `/${mount.mountPath.split("/").filter(Boolean).join("/")}`;
      if (paths.has(target))
        report([...at, "mountPath"], `another mount has "${printable(mount.mountPath)}"`);
      paths.add(target);
      if (target.split("/").includes("..")) report([...at, "mountPath"], 'may not contain ".."');
      if (target.includes("\0")) report([...at, "mountPath"], "may not contain a null character");
    }
    relativePath(mount.subPath, [...at, "subPath"], report);
    relativePath(mount.subPathExpr, [...at, "subPathExpr"], report);
    if (mount.subPath && mount.subPathExpr) {
      report([...at, "subPathExpr"], "may not be given together with subPath");
    }
    oneOf(
      mount.mountPropagation,
      ["None", "HostToContainer", "Bidirectional"],
      [...at, "mountPropagation"],
      report,
    );
  }
}
