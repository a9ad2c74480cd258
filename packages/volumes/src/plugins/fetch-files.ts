import { KrustletError } from "@krustlet/interface";
import type { Cancellable, ObjectSource } from "@krustlet/interface";
import type { V1ConfigMapProjection, V1Pod, V1SecretProjection } from "@kubernetes/client-node";

import type { PayloadFile } from "../payload.ts";
import { namespaceOf } from "../pod-text.ts";
import { filesOfConfigMap, filesOfSecret } from "./files-of-object.ts";

type Files = readonly (readonly [string, PayloadFile])[];

/** What a fetch is for. */
export interface FetchInit extends Cancellable {
  readonly pod: V1Pod;
  readonly objects: ObjectSource;
  readonly defaultMode?: number;
  readonly where: string;
}

/** Fetches a ConfigMap and gives its files; none where it is optional and not there. */
export async function fetchConfigMap(source: V1ConfigMapProjection, init: FetchInit): Promise<Files> {
  const { name = "" } = source;
  const namespace = namespaceOf(init.pod);
  const object = await init.objects.configMap(namespace, name, { signal: init.signal });
  if (object === undefined) return missing("configmap", name, source.optional, init.where);
  return filesOfConfigMap(object, {
    items: source.items,
    optional: source.optional,
    defaultMode: init.defaultMode,
    object: `ConfigMap ${namespace}/${name}`,
    where: init.where,
  });
}

/** Fetches a Secret and gives its files; none where it is optional and not there. */
export async function fetchSecret(source: V1SecretProjection, init: FetchInit): Promise<Files> {
  const { name = "" } = source;
  const namespace = namespaceOf(init.pod);
  const object = await init.objects.secret(namespace, name, { signal: init.signal });
  if (object === undefined) return missing("secret", name, source.optional, init.where);
  return filesOfSecret(object, {
    items: source.items,
    optional: source.optional,
    defaultMode: init.defaultMode,
    object: `Secret ${namespace}/${name}`,
    where: init.where,
  });
}

function missing(kind: string, name: string, optional: boolean | undefined, where: string): Files {
  if (optional === true) return [];
  throw new KrustletError("ObjectNotFound", `${where}: ${kind} "${name}" not found`, { retryable: true });
}
