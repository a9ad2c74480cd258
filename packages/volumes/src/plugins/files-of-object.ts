import { KrustletError } from "@krustlet/interface";
import type { ConfigMapObject, SecretObject } from "@krustlet/interface";
import type { V1KeyToPath } from "@kubernetes/client-node";

import type { PayloadFile } from "../payload.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DEFAULT_MODE = 0o644;

/** Which keys of an object become which files. */
export interface KeySelection {
  readonly items?: readonly V1KeyToPath[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
  /** `ConfigMap ns/name`, for messages. */
  readonly object: string;
  /** The volume, for messages. */
  readonly where: string;
}

type Files = readonly (readonly [string, PayloadFile])[];

/** Files of a ConfigMap: `data` as UTF-8, `binaryData` decoded. */
export function filesOfConfigMap(object: ConfigMapObject, selection: KeySelection): Files {
  const { data = {}, binaryData = {} } = object;
  const read = (key: string): Uint8Array | undefined => {
    if (Object.hasOwn(data, key)) return Buffer.from(data[key] ?? "", "utf8");
    return Object.hasOwn(binaryData, key) ? decoded(binaryData[key] ?? "", key, selection) : undefined;
  };
  return filesOf([...Object.keys(data), ...Object.keys(binaryData)], read, selection);
}

/** Files of a Secret: `data` decoded. */
export function filesOfSecret({ data = {} }: SecretObject, selection: KeySelection): Files {
  const read = (key: string): Uint8Array | undefined =>
    Object.hasOwn(data, key) ? decoded(data[key] ?? "", key, selection) : undefined;
  return filesOf(Object.keys(data), read, selection);
}

function filesOf(
  keys: readonly string[],
  read: (key: string) => Uint8Array | undefined,
  { items = [], defaultMode = DEFAULT_MODE, optional = false, object, where }: KeySelection,
): Files {
  const selected = items.length > 0 ? items : keys.map((key): V1KeyToPath => ({ key, path: key }));
  return selected.flatMap(({ key, path, mode = defaultMode }) => {
    const bytes = read(key);
    if (bytes !== undefined) return [[path, { bytes, mode }] as const];
    if (optional) return [];
    throw new KrustletError("KeyNotFound", `${where}: couldn't find key ${key} in ${object}`);
  });
}

function decoded(base64: string, key: string, { object, where }: KeySelection): Uint8Array {
  const packed = base64.replaceAll(/[\r\n]/g, "");
  if (BASE64.test(packed)) return Buffer.from(packed, "base64");
  throw new KrustletError("InvalidObject", `${where}: key ${key} of ${object} is not valid base64`);
}
