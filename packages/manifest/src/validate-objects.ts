import type { V1ConfigMap, V1ObjectMeta, V1PersistentVolumeClaim, V1Secret } from "@kubernetes/client-node";

import { parseQuantity } from "@krustlet/quantity";

import { configKeyProblem } from "./names.ts";
import type { FieldPath, Report } from "./problem.ts";
import { oneOf } from "./rules.ts";
import { withFields } from "./with-fields.ts";

const MAX_SIZE = 1024 * 1024;

/** Checks keys and size of a ConfigMap; gives it with its namespace. */
export function checkedConfigMap(object: V1ConfigMap, report: Report): V1ConfigMap {
  const { data = {}, binaryData = {} } = object;
  checkKeys(data, ["data"], report);
  checkKeys(binaryData, ["binaryData"], report);
  for (const key of Object.keys(binaryData)) {
    if (Object.hasOwn(data, key)) report(["binaryData", key], "the key is in data too");
  }
  checkSize([...Object.values(data).map(bytesOf), ...Object.values(binaryData).map(decodedBytesOf)], report);
  return withFields(object, { metadata: withNamespace(object.metadata) });
}

/** Checks keys and size of a Secret; gives it with its namespace and with `stringData` merged into `data`. */
export function checkedSecret(object: V1Secret, report: Report): V1Secret {
  const { stringData, ...rest } = withFields(object);
  checkKeys(object.data ?? {}, ["data"], report);
  checkKeys(stringData ?? {}, ["stringData"], report);
  const encoded = Object.entries(stringData ?? {}).map(
    ([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")] as const,
  );
  const data = Object.fromEntries([...Object.entries(object.data ?? {}), ...encoded]);
  checkSize(Object.values(data).map(decodedBytesOf), report);
  checkSecretType(object.type ?? "Opaque", data, report);
  return { ...rest, type: object.type ?? "Opaque", data, metadata: withNamespace(object.metadata) };
}

/** Keys that a Secret of a type must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

function checkSecretType(type: string, data: Readonly<Record<string, string>>, report: Report): void {
  const keys = Object.hasOwn(SECRET_KEYS, type) ? (SECRET_KEYS[type] ?? []) : [];
  for (const key of keys) {
    if (!Object.hasOwn(data, key)) report(["data", key], `is required in a Secret of type ${type}`);
    else if (key.startsWith(".docker") && !isJson(data[key] ?? "")) report(["data", key], "is no JSON");
  }
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

/** Checks a claim; gives it with its namespace. */
export function checkedClaim(
  object: V1PersistentVolumeClaim,
  path: FieldPath,
  report: Report,
): V1PersistentVolumeClaim {
  const modes = object.spec?.accessModes ?? [];
  if (modes.length === 0) report([...path, "spec", "accessModes"], "is required");
  for (const [index, mode] of modes.entries()) {
    const known = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
    oneOf(mode, known, [...path, "spec", "accessModes", index], report);
  }
  const { storage } = object.spec?.resources?.requests ?? {};
  const at = [...path, "spec", "resources", "requests", "storage"];
  if (storage === undefined) report(at, "is required");
  else if (parseQuantity(storage).nano <= 0n) report(at, "must be greater than 0");
  if (object.spec?.volumeMode === "Block") {
    report([...path, "spec", "volumeMode"], "WASI has no block devices", "UnsupportedField");
  } else {
    oneOf(object.spec?.volumeMode, ["Filesystem"], [...path, "spec", "volumeMode"], report);
  }
  return withFields(object, { metadata: withNamespace(object.metadata) });
}

function withNamespace(metadata: V1ObjectMeta | undefined): V1ObjectMeta {
  return withFields(metadata, { namespace: metadata?.namespace ?? "default" });
}

function checkKeys(map: Readonly<Record<string, string>>, path: FieldPath, report: Report): void {
  for (const key of Object.keys(map)) {
    const problem = configKeyProblem(key);
    if (problem !== undefined) report([...path, key], problem);
  }
}

function checkSize(sizes: readonly number[], report: Report): void {
  let total = 0;
  for (const size of sizes) total += size;
  if (total > MAX_SIZE) report(["data"], "may hold 1 MiB in all at the most");
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function decodedBytesOf(base64: string): number {
  return Math.floor((base64.length * 3) / 4);
}
