import { lstat, readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TokenSource } from "@krustlet/interface";
import type { V1Volume } from "@kubernetes/client-node";

import { createVolumeMounter } from "../src/index.ts";
import { base64, podOf, scratch, sourceOf } from "./pod-of.ts";
import type { Objects } from "./pod-of.ts";

const OBJECTS: Objects = {
  configMaps: { settings: { data: { colour: "red", size: "XL" }, binaryData: { raw: "AAEC/w==" } } },
  secrets: { keys: { data: { token: base64("s3cret") } } },
};

interface Case {
  readonly directory: string;
  readonly volume: V1Volume;
  readonly files: Record<string, string>;
}

const CASES: readonly Case[] = [
  {
    directory: "kubernetes.io~configmap",
    volume: { name: "v", configMap: { name: "settings" } },
    files: { colour: "red", size: "XL", raw: "\u0000\u0001\u0002\u00ff" },
  },
  {
    directory: "kubernetes.io~secret",
    volume: { name: "v", secret: { secretName: "keys" } },
    files: { token: "s3cret" },
  },
  {
    directory: "kubernetes.io~downward-api",
    volume: {
      name: "v",
      downwardAPI: {
        items: [
          { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
          { path: "cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu", divisor: "1m" } },
        ],
      },
    },
    files: { labels: 'app="web"', cpu: "500" },
  },
  {
    directory: "kubernetes.io~projected",
    volume: {
      name: "v",
      projected: {
        sources: [
          { configMap: { name: "settings", items: [{ key: "colour", path: "a/b/colour" }] } },
          { secret: { name: "keys" } },
          { downwardAPI: { items: [{ path: "a/name", fieldRef: { fieldPath: "metadata.name" } }] } },
          { serviceAccountToken: { path: "sa", audience: "vault", expirationSeconds: 600 } },
        ],
      },
    },
    files: {
      "a/b/colour": "red",
      token: "s3cret",
      "a/name": "web",
      sa: "token of shop/web for vault, 600 s",
    },
  },
];

const tokens: TokenSource = async ({ namespace, pod, audiences, expirationSeconds }) => ({
  token: `token of ${namespace}/${pod.name} for ${audiences.join()}, ${expirationSeconds} s`,
  expiresAt: new Date(Date.now() + expirationSeconds * 1000),
});

describe.each(CASES)("a volume in $directory", ({ directory, volume, files }) => {
  const pod = podOf([volume], [{ name: "v", mountPath: "/v" }], { resources: { limits: { cpu: "500m" } } });

  it("holds its files, read-only, in the kubelet's layout", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(OBJECTS), tokens });
    await using volumes = await mounter.mount(pod);
    const [mount] = await volumes.mountsOf("main", {});
    const path = join(root.path, "pods/11111111-2222/volumes", directory, "v");
    expect(mount).toEqual({ source: path, target: "/v", kind: "directory", readOnly: true });
    for (const [file, text] of Object.entries(files)) {
      expect(await readFile(join(path, file), "latin1")).toBe(text);
      expect((await stat(join(path, file))).mode & 0o777).toBe(0o644);
    }
    const names = await readdir(path);
    const visible = new Set(Object.keys(files).map((file) => file.split("/")[0]!));
    expect(names.filter((name) => !name.startsWith("..")).toSorted()).toEqual([...visible].toSorted());
    for (const name of visible) expect(await readlink(join(path, name))).toBe(`..data/${name}`);
    expect(await readlink(join(path, "..data"))).toMatch(/^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\w+$/);
  });

  it("does not write again what has not changed, also after a mount anew", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(OBJECTS), tokens });
    const path = join(root.path, "pods/11111111-2222/volumes", directory, "v");
    const first = await mounter.mount(pod);
    const version = await readlink(join(path, "..data"));
    await first.refresh(pod);
    await using second = await mounter.mount(pod);
    await second.refresh(pod);
    expect(await readlink(join(path, "..data"))).toBe(version);
  });

  it("is gone with the pod", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(OBJECTS), tokens });
    const volumes = await mounter.mount(pod);
    await volumes[Symbol.asyncDispose]();
    await volumes[Symbol.asyncDispose]();
    expect(await readdir(join(root.path, "pods"))).toEqual([]);
  });
});

describe("what a volume of files selects", () => {
  const filesOf = async (volume: V1Volume, objects: Objects = OBJECTS): Promise<Record<string, string>> => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(objects) });
    await using volumes = await mounter.mount(podOf([volume], [{ name: "v", mountPath: "/v" }]));
    const [mount] = await volumes.mountsOf("main", {});
    const entries = await readdir(join(mount!.source, "..data"), { recursive: true, withFileTypes: true });
    const files = new Map<string, string>();
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(path.indexOf("..data/") + 7);
      files.set(name, `${((await lstat(path)).mode & 0o777).toString(8)} ${await readFile(path, "utf8")}`);
    }
    return Object.fromEntries(files);
  };

  it("takes items with their modes, and the default mode for the rest", async () => {
    const items = [
      { key: "colour", path: "deep/down/c", mode: 0o400 },
      { key: "size", path: "s" },
      { key: "size", path: "again" },
    ];
    const files = await filesOf({ name: "v", configMap: { name: "settings", items, defaultMode: 0o600 } });
    expect(files).toEqual({ "deep/down/c": "400 red", s: "600 XL", again: "600 XL" });
  });

  it("is empty where an optional object or key is missing", async () => {
    expect(await filesOf({ name: "v", configMap: { name: "none", optional: true } })).toEqual({});
    expect(await filesOf({ name: "v", secret: { secretName: "none", optional: true } })).toEqual({});
    const items = [{ key: "none", path: "x" }];
    expect(await filesOf({ name: "v", secret: { secretName: "keys", items, optional: true } })).toEqual({});
  });

  it("lets the later of two sources with one path win", async () => {
    const sources = [
      { configMap: { name: "settings", items: [{ key: "colour", path: "x" }] } },
      { configMap: { name: "settings", items: [{ key: "size", path: "x" }] } },
    ];
    expect(await filesOf({ name: "v", projected: { sources } })).toEqual({ x: "644 XL" });
  });

  it("keeps a key called __proto__", async () => {
    const data = JSON.parse('{"__proto__": "x"}') as Record<string, string>;
    expect(
      await filesOf({ name: "v", configMap: { name: "odd" } }, { configMaps: { odd: { data } } }),
    ).toEqual(JSON.parse('{"__proto__": "644 x"}'));
  });

  it.each<[V1Volume, string, string]>([
    [{ name: "v", configMap: { name: "none" } }, "ObjectNotFound", 'configmap "none" not found'],
    [{ name: "v", secret: { secretName: "none" } }, "ObjectNotFound", 'secret "none" not found'],
    [
      { name: "v", configMap: { name: "settings", items: [{ key: "none", path: "x" }] } },
      "KeyNotFound",
      "couldn't find key none in ConfigMap shop/settings",
    ],
    [
      { name: "v", configMap: { name: "settings", items: [{ key: "toString", path: "x" }] } },
      "KeyNotFound",
      "couldn't find key toString",
    ],
    [
      { name: "v", secret: { secretName: "bad" } },
      "InvalidObject",
      "key k of Secret shop/bad is not valid base64",
    ],
    [
      { name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
      "UnsupportedField",
      "needs an API server",
    ],
    [
      { name: "v", projected: { sources: [{ clusterTrustBundle: { path: "t" } }] } },
      "UnsupportedField",
      'the projected source "clusterTrustBundle" is not supported',
    ],
    [
      { name: "v", downwardAPI: { items: [{ path: "f", fieldRef: { fieldPath: "spec.none" } }] } },
      "InvalidField",
      'file "f": fieldPath "spec.none"',
    ],
    [
      {
        name: "v",
        downwardAPI: {
          items: [{ path: "f", resourceFieldRef: { containerName: "no", resource: "limits.cpu" } }],
        },
      },
      "InvalidField",
      'no container "no"',
    ],
    [
      { name: "v", configMap: { name: "settings", defaultMode: -1 } },
      "InvalidField",
      'the mode -1 of the file "',
    ],
    [
      {
        name: "v",
        downwardAPI: { items: [{ path: "f", fieldRef: { fieldPath: "metadata.name" }, mode: 0o4755 }] },
      },
      "InvalidField",
      'the mode 2541 of the file "f" is not one of 0 to 0777',
    ],
    [{ name: "v", nfs: { path: "/x", server: "s" } }, "UnsupportedField", 'unknown volume kind "nfs"'],
    [{ name: "v", image: { reference: "x" } }, "UnsupportedField", 'unknown volume kind "image"'],
    [
      { name: "v", configMap: { name: "a" }, secret: { secretName: "b" } },
      "InvalidField",
      "only one of configMap and secret",
    ],
    [{ name: "../v", emptyDir: {} }, "InvalidField", "is not a DNS label"],
  ])("refuses %j", async (volume, code, message) => {
    await using root = await scratch();
    const objects = sourceOf({ ...OBJECTS, secrets: { ...OBJECTS.secrets, bad: { data: { k: "%" } } } });
    const mounter = createVolumeMounter({ rootDirectory: join(root.path, "root"), objects });
    const failure = mounter.mount(podOf([volume]));
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await expect(failure).rejects.toThrow('pod "shop/web"');
    expect(await readdir(root.path)).toEqual([]);
  });

  it.each(["../x", "/x", "a/../../x", "..x", "..data", "a/..", "..", "./../x", "./..x"])(
    "refuses the path %j, which escapes",
    async (path) => {
      await using root = await scratch();
      const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(OBJECTS) });
      const items = [{ key: "colour", path }];
      const failure = mounter.mount(podOf([{ name: "v", configMap: { name: "settings", items } }]));
      await expect(failure).rejects.toMatchObject({ code: "PathEscape" });
      expect(await readdir(root.path)).toEqual([]);
    },
  );

  it.each(["", ".", "a/", "a\0b", "x".repeat(256), "x/".repeat(2000) + "x"])(
    "refuses the path %j, which names no file",
    async (path) => {
      await using root = await scratch();
      const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(OBJECTS) });
      const items = [{ key: "colour", path }];
      const failure = mounter.mount(podOf([{ name: "v", configMap: { name: "settings", items } }]));
      await expect(failure).rejects.toMatchObject({ code: "InvalidField" });
    },
  );

  it("refuses a file that another needs as its directory", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(OBJECTS) });
    const items = [
      { key: "colour", path: "a" },
      { key: "size", path: "a/b" },
    ];
    const failure = mounter.mount(podOf([{ name: "v", configMap: { name: "settings", items } }]));
    await expect(failure).rejects.toThrow('"a" is a file, so "a/b" cannot lie in it');
  });
});
