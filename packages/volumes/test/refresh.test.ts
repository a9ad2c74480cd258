import type { ObjectSource } from "@krustlet/interface";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { createVolumeMounter } from "../src/index.ts";
import { base64, podOf, scratch, sourceOf } from "./pod-of.ts";
import type { Objects } from "./pod-of.ts";

const VOLUMES = [
  { name: "settings", configMap: { name: "settings" } },
  { name: "keys", secret: { secretName: "keys" } },
  { name: "labels", downwardAPI: { items: [{ path: "l", fieldRef: { fieldPath: "metadata.labels" } }] } },
  {
    name: "both",
    projected: { sources: [{ configMap: { name: "settings" } }, { secret: { name: "keys" } }] },
  },
  { name: "maybe", configMap: { name: "maybe", optional: true } },
];

const objectsOf = (version: string): Objects => ({
  configMaps: { settings: { data: { c: version } }, maybe: { data: { m: version } } },
  secrets: { keys: { data: { s: base64(version) } } },
});

/** A source that notes what it was asked for. */
function watched(objects: Objects): ObjectSource & { asked: string[] } {
  const source = sourceOf(objects);
  const asked: string[] = [];
  return {
    ...source,
    asked,
    configMap: (namespace, name) => {
      asked.push(`ConfigMap ${name}`);
      return source.configMap(namespace, name);
    },
    secret: (namespace, name) => {
      asked.push(`Secret ${name}`);
      return source.secret(namespace, name);
    },
  };
}

const changed = (kind: string, name: string, namespace = "shop") => ({ changed: { kind, name, namespace } });

describe("refresh", () => {
  it.each([
    ["ConfigMap", "settings", ["ConfigMap settings", "ConfigMap settings", "Secret keys"]],
    ["Secret", "keys", ["Secret keys", "ConfigMap settings", "Secret keys"]],
    ["ConfigMap", "maybe", ["ConfigMap maybe"]],
    ["ConfigMap", "keys", []],
    ["Secret", "settings", []],
    ["Pod", "web", []],
    ["Service", "settings", []],
  ])("for the %s %s looks at no other volume", async (kind, name, asked) => {
    await using root = await scratch();
    const objects = watched(objectsOf("1"));
    const pod = podOf(VOLUMES);
    await using volumes = await createVolumeMounter({ rootDirectory: root.path, objects }).mount(pod);
    objects.asked.length = 0;
    await volumes.refresh(pod, changed(kind, name));
    expect(objects.asked).toEqual(asked);
    await volumes.refresh(pod, changed(kind, name, "other"));
    expect(objects.asked).toEqual(asked);
  });

  it("brings what changed to the files, and the pod's own labels", async () => {
    await using root = await scratch();
    const objects = objectsOf("1");
    const pod = podOf(VOLUMES);
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(objects) });
    await using volumes = await mounter.mount(pod);
    const read = (path: string) => readFile(join(root.path, "pods/11111111-2222/volumes", path), "utf8");
    Object.assign(objects, objectsOf("2"));
    await volumes.refresh(pod, changed("ConfigMap", "settings"));
    expect(await read("kubernetes.io~configmap/settings/c")).toBe("2");
    expect(await read("kubernetes.io~projected/both/c")).toBe("2");
    expect(await read("kubernetes.io~secret/keys/s")).toBe("1");
    const relabelled = structuredClone(pod);
    relabelled.metadata!.labels = { app: "new" };
    await volumes.refresh(relabelled, changed("Pod", "web"));
    expect(await read("kubernetes.io~downward-api/labels/l")).toBe('app="new"');
  });

  it("keeps what a volume held whose object is gone, and says so; an optional one becomes empty", async () => {
    await using root = await scratch();
    const objects = objectsOf("1");
    const pod = podOf(VOLUMES);
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(objects) });
    await using volumes = await mounter.mount(pod);
    const read = (path: string) => readFile(join(root.path, "pods/11111111-2222/volumes", path), "utf8");
    objects.configMaps = {};
    await expect(volumes.refresh(pod, changed("ConfigMap", "settings"))).rejects.toMatchObject({
      code: "ObjectNotFound",
      volume: "settings",
      detail: 'configmap "settings" not found',
    });
    expect(await read("kubernetes.io~configmap/settings/c")).toBe("1");
    await volumes.refresh(pod, changed("ConfigMap", "maybe"));
    await expect(read("kubernetes.io~configmap/maybe/m")).rejects.toMatchObject({ code: "ENOENT" });
    Object.assign(objects, objectsOf("3"));
    await volumes.refresh(pod, changed("ConfigMap", "maybe"));
    expect(await read("kubernetes.io~configmap/maybe/m")).toBe("3");
  });
});

describe("an error about a volume", () => {
  it.each([
    [{ configMap: { name: "y" } }, 'configmap "y" not found'],
    [{ secret: { secretName: "y" } }, 'secret "y" not found'],
    [{ persistentVolumeClaim: { claimName: "y" } }, 'persistentvolumeclaim "y" not found'],
    [{ hostPath: { path: "/none", type: "File" } }, 'hostPath "/none" does not exist'],
    [{ downwardAPI: { items: [{ path: "f", fieldRef: { fieldPath: "x" } }] } }, 'file "f": fieldPath "x"'],
  ])("tells the volume and what is wrong apart: %j", async (source, detail) => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf() });
    const failure = mounter.mount(podOf([{ name: "x", ...source }]));
    await expect(failure).rejects.toMatchObject({ volume: "x", detail: expect.stringMatching(`^${detail}`) });
    await expect(failure).rejects.toThrow('volume "x" of pod "shop/web"');
  });
});
