import type { V1ObjectMeta } from "@kubernetes/client-node";

import { dnsLabelProblem, dnsSubdomainProblem, labelValueProblem, qualifiedNameProblem } from "./names.ts";
import type { FieldPath, Report } from "./problem.ts";

const MAX_ANNOTATIONS = 256 * 1024;

/** Checks the metadata of a named object. */
export function validateMetadata(metadata: V1ObjectMeta | undefined, path: FieldPath, report: Report): void {
  const name = metadata?.name;
  if (name === undefined || name === "") {
    const generated = metadata?.generateName === undefined ? "" : " (generateName needs an API server)";
    report([...path, "name"], `is required${generated}`);
  } else {
    const problem = dnsSubdomainProblem(name);
    if (problem !== undefined) report([...path, "name"], problem);
  }
  if (metadata?.namespace !== undefined) {
    const problem = dnsLabelProblem(metadata.namespace);
    if (problem !== undefined) report([...path, "namespace"], problem);
  }
  if (metadata?.uid !== undefined && !/^[A-Za-z0-9](?:[-A-Za-z0-9_]{0,61}[A-Za-z0-9])?$/.test(metadata.uid)) {
    report([...path, "uid"], "must be at most 63 letters, digits, '-' and '_'");
  }
  validateLabels(metadata, path, report);
}

/** Checks labels and annotations; a template has these without a name. */
export function validateLabels(metadata: V1ObjectMeta | undefined, path: FieldPath, report: Report): void {
  for (const [key, value] of Object.entries(metadata?.labels ?? {})) {
    const problem = qualifiedNameProblem(key) ?? labelValueProblem(value);
    if (problem !== undefined) report([...path, "labels", key], problem);
  }
  let size = 0;
  for (const [key, value] of Object.entries(metadata?.annotations ?? {})) {
    const problem = qualifiedNameProblem(key.toLowerCase());
    if (problem !== undefined) report([...path, "annotations", key], problem);
    size += key.length + value.length;
  }
  if (size > MAX_ANNOTATIONS) report([...path, "annotations"], "must be 256 KiB in all at the most");
}
