import { KrustletError } from "@krustlet/interface";
import type { ConfigMapObject, ErrorCode, KrustletErrorOptions, SecretObject } from "@krustlet/interface";

import { base64Text } from "./base64-text.ts";
import { expandVariables } from "./expand-variables.ts";
import { fieldOf } from "./field-of.ts";
import type {
  EnvEntry,
  EnvFromEntry,
  EnvironmentContainer,
  EnvironmentPod,
  KeySelector,
  NodeFacts,
} from "./pod.ts";
import { resourceFieldOf } from "./resource-field-of.ts";

/** ConfigMaps and Secrets of the Pod's namespace, by name, fetched beforehand. */
export interface FetchedObjects {
  readonly configMaps: ReadonlyMap<string, ConfigMapObject>;
  readonly secrets: ReadonlyMap<string, SecretObject>;
}

/** Where a container's environment comes from. */
export interface EnvironmentInit {
  readonly pod: EnvironmentPod;
  readonly container: EnvironmentContainer;
  readonly objects: FetchedObjects;
  readonly node?: NodeFacts;
  /** Variables of the namespace's Services: what `$(VAR)` also sees and `env` overrides. */
  readonly services?: Readonly<Record<string, string>>;
}

/** A container's environment. */
export interface Environment {
  /** Own properties only; a variable may be called `__proto__`, so look names up with `Object.hasOwn`. */
  readonly env: Readonly<Record<string, string>>;
  /** One sentence for each `envFrom` entry some of whose keys cannot be names of variables. */
  readonly skipped: readonly string[];
}

const VARIABLE_NAME = /^[\x20-\x3c\x3e-\x7e]+$/;

/**
 * The environment of `container`: first `services`, over them `envFrom` in order, over those `env` in order, each
 * value expanded by `$(VAR)` over what stands before it.
 * @throws KrustletError `ObjectNotFound` (`configmap "n" not found`), `KeyNotFound` (`couldn't find key k in
 * ConfigMap ns/n`), `InvalidObject` for a Secret that is no base64, `InvalidField`, `UnsupportedField`. The messages
 * name pod, container and variable; the `detail` is the kubelet's words without them.
 */
export function environmentOf(init: EnvironmentInit): Environment {
  const { container } = init;
  const variables = new Map<string, string>();
  const skipped: string[] = [];
  for (const entry of container.envFrom ?? []) {
    const { source, values } = valuesFrom(entry, init);
    const invalid: string[] = [];
    for (const [key, value] of values) {
      const name = `${entry.prefix ?? ""}${key}`;
      if (VARIABLE_NAME.test(name)) variables.set(name, value());
      else invalid.push(key);
    }
    if (invalid.length > 0) {
      const keys = invalid.toSorted().map((key) => JSON.stringify(key));
      skipped.push(
        `container "${container.name}": keys ${keys.join(", ")} of ${source} were skipped, because they are no ` +
          "names of environment variables",
      );
    }
  }
  const services = init.services ?? {};
  const lookup = (name: string): string | undefined =>
    variables.get(name) ?? (Object.hasOwn(services, name) ? services[name] : undefined);
  for (const entry of container.env ?? []) {
    const { value: text } = entry;
    const value = text
      ? located(whereOf(init, `variable "${entry.name}"`), () => expandVariables(text, lookup))
      : valueFrom(entry, init);
    if (value !== undefined) variables.set(entry.name, value);
  }
  return { env: Object.fromEntries([...Object.entries(services), ...variables]), skipped };
}

interface Values {
  readonly source: string;
  readonly values: readonly (readonly [string, () => string])[];
}

function valuesFrom(entry: EnvFromEntry, init: EnvironmentInit): Values {
  const namespace = init.pod.metadata?.namespace ?? "default";
  const { configMapRef, secretRef } = entry;
  const where = whereOf(init, "envFrom");
  if (configMapRef !== undefined) {
    const name = configMapRef.name ?? "";
    const found = init.objects.configMaps.get(name);
    if (found === undefined && !configMapRef.optional) throw notFound("configmap", name, where);
    const data = Object.entries(found?.data ?? {});
    return {
      source: `ConfigMap ${namespace}/${name}`,
      values: data.map(([key, value]) => [key, () => value] as const),
    };
  }
  const name = secretRef?.name ?? "";
  const found = init.objects.secrets.get(name);
  if (found === undefined && secretRef?.optional !== true) throw notFound("secret", name, where);
  const source = `Secret ${namespace}/${name}`;
  const data = Object.entries(found?.data ?? {});
  return {
    source,
    values: data.map(([key, value]) => [key, () => decoded(value, key, source, where)] as const),
  };
}

/** What `valueFrom` gives; undefined leaves the variable out, as a missing optional key does. */
function valueFrom(entry: EnvEntry, init: EnvironmentInit): string | undefined {
  const from = entry.valueFrom;
  if (from === undefined) return "";
  const where = whereOf(init, `variable "${entry.name}"`);
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef, fileKeyRef } = from;
  if (fieldRef !== undefined) return located(where, () => fieldOf(init.pod, fieldRef.fieldPath, init.node));
  if (resourceFieldRef !== undefined) {
    return located(where, () =>
      resourceFieldOf(init.container, resourceFieldRef, init.node?.allocatable ?? {}),
    );
  }
  if (configMapKeyRef !== undefined) {
    const object = init.objects.configMaps.get(configMapKeyRef.name ?? "");
    return keyOf("ConfigMap", object, configMapKeyRef, init, where);
  }
  if (secretKeyRef !== undefined) {
    const object = init.objects.secrets.get(secretKeyRef.name ?? "");
    const value = keyOf("Secret", object, secretKeyRef, init, where);
    const source = `Secret ${init.pod.metadata?.namespace ?? "default"}/${secretKeyRef.name}`;
    return value === undefined ? undefined : decoded(value, secretKeyRef.key, source, where);
  }
  if (fileKeyRef !== undefined) {
    throw failure("UnsupportedField", where, "valueFrom.fileKeyRef is not supported");
  }
  throw failure("InvalidField", where, "valueFrom names no source");
}

function keyOf(
  kind: "ConfigMap" | "Secret",
  object: ConfigMapObject | SecretObject | undefined,
  { name = "", key, optional = false }: KeySelector,
  { pod }: EnvironmentInit,
  where: string,
): string | undefined {
  const data = object?.data ?? {};
  if (Object.hasOwn(data, key)) return data[key];
  if (optional) return undefined;
  if (object === undefined) throw notFound(kind.toLowerCase(), name, where);
  const namespace = pod.metadata?.namespace ?? "default";
  throw failure("KeyNotFound", where, `couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

function decoded(value: string, key: string, source: string, where: string): string {
  const text = base64Text(value);
  if (text !== undefined) return text;
  throw failure("InvalidObject", where, `key ${key} of ${source} is not valid base64`);
}

function notFound(kind: string, name: string, where: string): KrustletError {
  return failure("ObjectNotFound", where, `${kind} "${name}" not found`, { retryable: true });
}

function failure(
  code: ErrorCode,
  where: string,
  detail: string,
  options: KrustletErrorOptions = {},
): KrustletError {
  return new KrustletError(code, `${where}: ${detail}`, { ...options, detail });
}

function whereOf({ pod, container }: EnvironmentInit, part: string): string {
  const { name = "", namespace = "default" } = pod.metadata ?? {};
  return `pod "${namespace}/${name}", container "${container.name}", ${part}`;
}

function located(where: string, value: () => string): string {
  try {
    return value();
  } catch (cause) {
    if (!(cause instanceof KrustletError)) throw cause;
    throw failure(cause.code, where, cause.message, { cause });
  }
}
