import type {
  V1Container,
  V1EnvVarSource,
  V1ObjectFieldSelector,
  V1ResourceFieldSelector,
} from "@kubernetes/client-node";
import { parseQuantity } from "@krustlet/quantity";

import { didYouMean } from "./did-you-mean.ts";
import { configKeyProblem, dnsSubdomainProblem, envNameProblem, qualifiedNameProblem } from "./names.ts";
import { printable } from "./problem.ts";
import type { FieldPath, Report } from "./problem.ts";
import { exactlyOne } from "./rules.ts";

const VOLUME_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "metadata.labels",
  "metadata.annotations",
];
const ENV_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
/** Kubernetes' own form, and the one with a dot that manifests for the first Krustlet have. */
const SUBSCRIPTED = /^metadata\.(?:labels|annotations)(?:\['([^']*)'\]|\.(.+))$/;
const RESOURCE = /^(?:limits|requests)\.(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;

/** Checks `env` and `envFrom` of a container. */
export function validateEnv(container: V1Container, path: FieldPath, report: Report): void {
  for (const [index, entry] of (container.env ?? []).entries()) {
    const at = [...path, "env", index];
    const problem = entry.name ? envNameProblem(entry.name) : undefined;
    if (problem !== undefined) report([...at, "name"], problem);
    if (entry.valueFrom === undefined) continue;
    if (entry.value) report([...at, "valueFrom"], "may not be given together with value");
    validateSource(entry.valueFrom, [...at, "valueFrom"], report);
  }
  for (const [index, entry] of (container.envFrom ?? []).entries()) {
    const at = [...path, "envFrom", index];
    const problem = entry.prefix ? envNameProblem(entry.prefix) : undefined;
    if (problem !== undefined) report([...at, "prefix"], problem);
    if (!exactlyOne(entry, at, report, ["prefix"])) continue;
    const field = entry.configMapRef === undefined ? "secretRef" : "configMapRef";
    objectName(entry[field]?.name, [...at, field, "name"], report);
  }
}

function validateSource(source: V1EnvVarSource, path: FieldPath, report: Report): void {
  if (!exactlyOne(source, path, report)) return;
  for (const field of ["configMapKeyRef", "secretKeyRef"] as const) {
    const selector = source[field];
    if (selector === undefined) continue;
    objectName(selector.name, [...path, field, "name"], report);
    const problem = selector.key ? configKeyProblem(selector.key) : undefined;
    if (problem !== undefined) report([...path, field, "key"], problem);
  }
  if (source.fieldRef !== undefined) {
    validateFieldRef(source.fieldRef, ENV_FIELDS, [...path, "fieldRef"], report);
  }
  if (source.resourceFieldRef !== undefined) {
    validateResourceFieldRef(source.resourceFieldRef, [...path, "resourceFieldRef"], report);
  }
}

/** Checks the `fieldRef` of a volume's file. */
export function validateVolumeFieldRef(ref: V1ObjectFieldSelector, path: FieldPath, report: Report): void {
  validateFieldRef(ref, VOLUME_FIELDS, path, report);
}

function validateFieldRef(
  { apiVersion, fieldPath }: V1ObjectFieldSelector,
  known: readonly string[],
  path: FieldPath,
  report: Report,
): void {
  if (apiVersion !== undefined && apiVersion !== "" && apiVersion !== "v1") {
    report([...path, "apiVersion"], `must be v1, got "${printable(apiVersion)}"`);
  }
  if (!fieldPath || known.includes(fieldPath)) return;
  const [, bracketed, dotted] = SUBSCRIPTED.exec(fieldPath) ?? [];
  const key = bracketed ?? dotted;
  if (key !== undefined && qualifiedNameProblem(key.toLowerCase()) === undefined) return;
  report(
    [...path, "fieldPath"],
    `"${printable(fieldPath)}" is not a field that can be used here${didYouMean(fieldPath, known)}`,
  );
}

/** Checks a `resourceFieldRef`. */
export function validateResourceFieldRef(
  ref: V1ResourceFieldSelector,
  path: FieldPath,
  report: Report,
): void {
  if (ref.resource && !RESOURCE.test(ref.resource)) {
    const known = ["limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    report(
      [...path, "resource"],
      `"${printable(ref.resource)}" is not a resource that can be used here${didYouMean(ref.resource, known)}`,
    );
  }
  if (ref.divisor !== undefined && parseQuantity(ref.divisor).nano < 0n) {
    report([...path, "divisor"], "may not be negative");
  }
}

/** Demands the name of a ConfigMap or Secret. */
export function objectName(name: string | undefined, path: FieldPath, report: Report): void {
  if (name === undefined || name === "") report(path, "is required");
  else if (dnsSubdomainProblem(name) !== undefined) report(path, dnsSubdomainProblem(name) ?? "");
}
