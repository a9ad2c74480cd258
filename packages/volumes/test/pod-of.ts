import type { ObjectSource } from "@krustlet/interface";
import type { V1Container, V1Pod, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { removeTree } from "../src/remove-tree.ts";

/** A directory that is removed at the end of the scope. */
export async function scratch(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "krustlet-volumes-"));
  return { path, [Symbol.asyncDispose]: () => removeTree(path, `${path}.removing`) };
}

/** A Pod with these volumes and one container, `main`. */
export function podOf(
  volumes: V1Volume[],
  volumeMounts: V1VolumeMount[] = [],
  container: Partial<V1Container> = {},
): V1Pod {
  return {
    metadata: { name: "web", namespace: "shop", uid: "11111111-2222", labels: { app: "web" } },
    spec: { volumes, containers: [{ name: "main", ...container, volumeMounts }] },
  };
}

export interface Objects {
  configMaps?: Record<string, { data?: Record<string, string>; binaryData?: Record<string, string> }>;
  secrets?: Record<string, { data?: Record<string, string> }>;
  claims?: Record<string, object>;
}

/** An object source over what is in `objects` at the time. */
export function sourceOf(objects: Objects = {}): ObjectSource {
  return {
    configMap: async (namespace, name) => (namespace === "shop" ? objects.configMaps?.[name] : undefined),
    secret: async (namespace, name) => (namespace === "shop" ? objects.secrets?.[name] : undefined),
    persistentVolumeClaim: async (namespace, name) =>
      namespace === "shop" ? objects.claims?.[name] : undefined,
  };
}

export const base64 = (text: string): string => Buffer.from(text).toString("base64");
