import type {
  V1DownwardAPIVolumeFile,
  V1HostPathVolumeSource,
  V1KeyToPath,
  V1ProjectedVolumeSource,
  V1Volume,
} from "@kubernetes/client-node";
import { parseQuantity } from "@krustlet/quantity";

import { configKeyProblem, dnsLabelProblem } from "./names.ts";
import { printable } from "./problem.ts";
import type { FieldPath, Report } from "./problem.ts";
import { exactlyOne, fileMode, oneOf, relativePath, setFieldsOf } from "./rules.ts";
import { objectName, validateResourceFieldRef, validateVolumeFieldRef } from "./validate-env.ts";

const HOST_PATH_TYPES = [
  "",
  "DirectoryOrCreate",
  "Directory",
  "FileOrCreate",
  "File",
  "Socket",
  "CharDevice",
  "BlockDevice",
];

/** Checks the volumes of a Pod; gives their names. */
export function validateVolumes(
  volumes: readonly V1Volume[],
  path: FieldPath,
  report: Report,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const at = [...path, index];
    if (volume.name) {
      const problem = dnsLabelProblem(volume.name);
      if (problem !== undefined) report([...at, "name"], problem);
      if (names.has(volume.name)) report([...at, "name"], `there is another volume "${volume.name}"`);
      names.add(volume.name);
    }
    const sources = setFieldsOf(volume, ["name"]);
    if (sources.length > 1) report(at, `may have only one of ${sources.join(" and ")}`);
    else validateVolume(volume, at, report);
  }
  return names;
}

function validateVolume(volume: V1Volume, path: FieldPath, report: Report): void {
  const { configMap, secret, downwardAPI, emptyDir } = volume;
  if (configMap !== undefined) {
    objectName(configMap.name, [...path, "configMap", "name"], report);
    keysToPaths(configMap.items, [...path, "configMap", "items"], report, new Set());
  }
  if (secret !== undefined) {
    objectName(secret.secretName, [...path, "secret", "secretName"], report);
    keysToPaths(secret.items, [...path, "secret", "items"], report, new Set());
  }
  if (downwardAPI !== undefined) {
    downwardFiles(downwardAPI.items, [...path, "downwardAPI", "items"], report, new Set());
  }
  for (const kind of ["configMap", "secret", "downwardAPI", "projected"] as const) {
    fileMode(volume[kind]?.defaultMode, [...path, kind, "defaultMode"], report);
  }
  if (volume.projected !== undefined) validateProjected(volume.projected, [...path, "projected"], report);
  if (volume.hostPath !== undefined) validateHostPath(volume.hostPath, [...path, "hostPath"], report);
  if (emptyDir !== undefined) {
    if (!emptyDir.medium?.startsWith("HugePages")) {
      oneOf(emptyDir.medium, ["", "Memory"], [...path, "emptyDir", "medium"], report);
    }
    if (emptyDir.sizeLimit !== undefined && parseQuantity(emptyDir.sizeLimit).nano < 0n) {
      report([...path, "emptyDir", "sizeLimit"], "may not be negative");
    }
  }
  if (volume.persistentVolumeClaim !== undefined) {
    objectName(
      volume.persistentVolumeClaim.claimName,
      [...path, "persistentVolumeClaim", "claimName"],
      report,
    );
  }
}

function validateHostPath(
  { path: host, type }: V1HostPathVolumeSource,
  path: FieldPath,
  report: Report,
): void {
  oneOf(type, HOST_PATH_TYPES, [...path, "type"], report);
  if (!host) return;
  if (!host.startsWith("/")) report([...path, "path"], `must be an absolute path, got "${printable(host)}"`);
  if (host.split("/").includes("..")) report([...path, "path"], 'may not contain ".."');
  if (host.includes("\0")) report([...path, "path"], "may not contain a null character");
}

function validateProjected({ sources }: V1ProjectedVolumeSource, path: FieldPath, report: Report): void {
  const paths = new Set<string>();
  for (const [index, source] of (sources ?? []).entries()) {
    const at = [...path, "sources", index];
    if (!exactlyOne(source, at, report)) continue;
    for (const kind of ["configMap", "secret"] as const) {
      const projection = source[kind];
      if (projection === undefined) continue;
      objectName(projection.name, [...at, kind, "name"], report);
      keysToPaths(projection.items, [...at, kind, "items"], report, paths);
    }
    if (source.downwardAPI !== undefined) {
      downwardFiles(source.downwardAPI.items, [...at, "downwardAPI", "items"], report, paths);
    }
    if (source.serviceAccountToken !== undefined) {
      filePath(source.serviceAccountToken.path, [...at, "serviceAccountToken", "path"], report, paths);
    }
  }
}

function keysToPaths(
  items: readonly V1KeyToPath[] | undefined,
  path: FieldPath,
  report: Report,
  paths: Set<string>,
): void {
  for (const [index, item] of (items ?? []).entries()) {
    const at = [...path, index];
    const problem = item.key ? configKeyProblem(item.key) : undefined;
    if (problem !== undefined) report([...at, "key"], problem);
    filePath(item.path, [...at, "path"], report, paths);
    fileMode(item.mode, [...at, "mode"], report);
  }
}

function downwardFiles(
  items: readonly V1DownwardAPIVolumeFile[] | undefined,
  path: FieldPath,
  report: Report,
  paths: Set<string>,
): void {
  for (const [index, item] of (items ?? []).entries()) {
    const at = [...path, index];
    filePath(item.path, [...at, "path"], report, paths);
    fileMode(item.mode, [...at, "mode"], report);
    if (!exactlyOne(item, at, report, ["path", "mode"])) continue;
    if (item.fieldRef !== undefined) validateVolumeFieldRef(item.fieldRef, [...at, "fieldRef"], report);
    if (item.resourceFieldRef !== undefined) {
      validateResourceFieldRef(item.resourceFieldRef, [...at, "resourceFieldRef"], report);
      if (!item.resourceFieldRef.containerName) {
        report([...at, "resourceFieldRef", "containerName"], "is required in a volume");
      }
    }
  }
}

/** A file of a volume: a relative path, not beginning with `..`, and the only one of its name. */
function filePath(value: string | undefined, path: FieldPath, report: Report, paths: Set<string>): void {
  if (!value) return;
  relativePath(value, path, report);
  if (value.startsWith("..") && !value.split("/").includes("..")) report(path, 'may not begin with ".."');
  if (paths.has(value)) report(path, `another file of the volume has the path "${printable(value)}"`);
  paths.add(value);
}
