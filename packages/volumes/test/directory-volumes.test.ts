import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { V1Volume } from "@kubernetes/client-node";

import { createVolumeMounter, VOLUME_KINDS } from "../src/index.ts";
import { podOf, scratch, sourceOf } from "./pod-of.ts";

const OBJECTS = { claims: { data: {} } };
const POD = "pods/11111111-2222";

describe.each<[string, (root: string) => V1Volume]>([
  ["emptyDir", () => ({ name: "v", emptyDir: {} })],
  ["emptyDir in memory", () => ({ name: "v", emptyDir: { medium: "Memory" } })],
  ["no source at all", () => ({ name: "v" })],
  ["hostPath", (root) => ({ name: "v", hostPath: { path: join(root, "h"), type: "DirectoryOrCreate" } })],
  ["persistentVolumeClaim", () => ({ name: "v", persistentVolumeClaim: { claimName: "data" } })],
])("a volume of %s", (kind, volumeIn) => {
  const mounterIn = (root: string): ReturnType<typeof createVolumeMounter> =>
    createVolumeMounter({
      rootDirectory: join(root, "root"),
      objects: sourceOf(OBJECTS),
      memoryDirectory: root,
    });

  it("is a directory to write to, which a mount anew takes up", async () => {
    await using root = await scratch();
    const pod = podOf([volumeIn(root.path)], [{ name: "v", mountPath: "/v" }]);
    const first = await mounterIn(root.path).mount(pod);
    const [mount] = await first.mountsOf("main", {});
    expect(mount).toMatchObject({ target: "/v", kind: "directory", readOnly: false });
    await writeFile(join(mount!.source, "file"), "kept");
    await using second = await mounterIn(root.path).mount(pod);
    const [again] = await second.mountsOf("main", {});
    expect(await readFile(join(again!.source, "file"), "utf8")).toBe("kept");
    await second.refresh(pod);
  });

  it("is read-only where the mount says so", async () => {
    await using root = await scratch();
    const pod = podOf([volumeIn(root.path)], [{ name: "v", mountPath: "/v", readOnly: true }]);
    await using volumes = await mounterIn(root.path).mount(pod);
    expect(await volumes.mountsOf("main", {})).toMatchObject([{ readOnly: true }]);
  });

  it("goes with the pod, or stays, as its kind promises", async () => {
    await using root = await scratch();
    const pod = podOf([volumeIn(root.path)], [{ name: "v", mountPath: "/v" }]);
    const volumes = await mounterIn(root.path).mount(pod);
    const [mount] = await volumes.mountsOf("main", {});
    await volumes[Symbol.asyncDispose]();
    const stays = kind === "hostPath" || kind === "persistentVolumeClaim";
    await expect(
      stat(mount!.source).then(
        () => true,
        () => false,
      ),
    ).resolves.toBe(stays);
    expect(await readdir(join(root.path, "root/pods"))).toEqual([]);
    await expect(volumes.mountsOf("main", {})).rejects.toThrow("the volumes have been removed");
  });

  it("leaves nothing behind where another volume fails", async () => {
    await using root = await scratch();
    const pod = podOf([volumeIn(root.path), { name: "w", configMap: { name: "none" } }]);
    await expect(mounterIn(root.path).mount(pod)).rejects.toMatchObject({ code: "ObjectNotFound" });
    expect(await readdir(root.path)).toEqual([]);
  });
});

describe("emptyDir", () => {
  it("lies on disk, with a warning, where the host has no memory for it", async () => {
    await using root = await scratch();
    const warnings: string[] = [];
    const mounter = createVolumeMounter({
      rootDirectory: root.path,
      objects: sourceOf(),
      memoryDirectory: false,
      onWarning: (message) => warnings.push(message),
    });
    await using _ = await mounter.mount(podOf([{ name: "v", emptyDir: { medium: "Memory" } }]));
    expect(await readdir(join(root.path, POD, "volumes/kubernetes.io~empty-dir"))).toEqual(["v"]);
    expect(warnings).toEqual([
      'volume "v" of pod "shop/web": this host has no directory in memory, so it lies on disk',
    ]);
  });

  it("does not take a directory in memory that others may write to", async () => {
    await using root = await scratch();
    const init = { rootDirectory: join(root.path, "root"), objects: sourceOf(), memoryDirectory: root.path };
    const pod = podOf([{ name: "v", emptyDir: { medium: "Memory" } }]);
    const volumes = await createVolumeMounter(init).mount(pod);
    const [name] = (await readdir(root.path)).filter((each) => each.startsWith("krustlet-"));
    expect((await lstat(join(root.path, name!))).mode & 0o777).toBe(0o700);
    await volumes[Symbol.asyncDispose]();
    expect(await readdir(root.path)).toEqual(["root"]);
    await mkdir(join(root.path, "elsewhere"));
    await symlink("elsewhere", join(root.path, name!));
    await expect(createVolumeMounter(init).mount(pod)).rejects.toThrow("not a directory of this user's own");
    expect(await readdir(join(root.path, "root/pods"))).toEqual([]);
    await rm(join(root.path, name!));
    await mkdir(join(root.path, name!));
    for (const mode of [0o770, 0o701]) {
      await chmod(join(root.path, name!), mode);
      await expect(createVolumeMounter(init).mount(pod)).rejects.toThrow(
        "not a directory of this user's own",
      );
    }
    await chmod(join(root.path, name!), 0o700);
    await (await createVolumeMounter(init).mount(pod))[Symbol.asyncDispose]();
  });

  it.runIf(process.getuid?.() === 0)("does not take one that is somebody else's", async () => {
    await using root = await scratch();
    const init = { rootDirectory: join(root.path, "root"), objects: sourceOf(), memoryDirectory: root.path };
    const pod = podOf([{ name: "v", emptyDir: { medium: "Memory" } }]);
    await using _volumes = await createVolumeMounter(init).mount(pod);
    const [name] = (await readdir(root.path)).filter((each) => each.startsWith("krustlet-"));
    await chown(join(root.path, name!), 65_534, 65_534);
    await expect(createVolumeMounter(init).mount(pod)).rejects.toThrow("not a directory of this user's own");
  });

  it("measures what it uses against its limit, files and directories, links not followed", async () => {
    await using root = await scratch();
    await writeFile(join(root.path, "big"), Buffer.alloc(1_000_000, 1));
    const mounter = createVolumeMounter({ rootDirectory: join(root.path, "root"), objects: sourceOf() });
    const volumes = [
      { name: "v", emptyDir: { sizeLimit: "1Mi" } },
      { name: "w", emptyDir: {} },
    ];
    await using mounted = await mounter.mount(podOf(volumes, [{ name: "v", mountPath: "/v" }]));
    const [mount] = await mounted.mountsOf("main", {});
    await mkdir(join(mount!.source, "a/b"), { recursive: true });
    await writeFile(join(mount!.source, "a/b/file"), Buffer.alloc(100_000, 1));
    await symlink(join(root.path, "big"), join(mount!.source, "link"));
    await symlink(root.path, join(mount!.source, "a/link"));
    const [usage, ...others] = await mounted.usage();
    expect(others).toEqual([]);
    expect(usage).toMatchObject({ volume: "v", limit: 1_048_576 });
    expect(usage!.bytes).toBeGreaterThanOrEqual(100_000);
    expect(usage!.bytes).toBeLessThan(400_000);
  });

  it("measures what the Pod's own volumes take of the node's disk, and no others", async () => {
    await using root = await scratch();
    await using elsewhere = await scratch();
    const mounter = createVolumeMounter({
      rootDirectory: root.path,
      objects: sourceOf(),
      memoryDirectory: elsewhere.path,
    });
    const pod = podOf(
      [
        { name: "disk", emptyDir: {} },
        { name: "memory", emptyDir: { medium: "Memory" } },
        { name: "host", hostPath: { path: elsewhere.path } },
      ],
      [
        { name: "disk", mountPath: "/disk" },
        { name: "memory", mountPath: "/memory" },
        { name: "host", mountPath: "/host" },
      ],
    );
    await using mounted = await mounter.mount(pod);
    for (const { source } of await mounted.mountsOf("main", {}))
      await writeFile(join(source, "file"), Buffer.alloc(100_000, 1));
    const { bytes, inodes } = await mounted.localUsage();
    expect(bytes).toBeGreaterThanOrEqual(100_000);
    expect(bytes).toBeLessThan(150_000);
    expect(inodes).toBe(1);
  });

  it("counts a tree too deep to measure as over any limit", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf() });
    const pod = podOf([{ name: "v", emptyDir: { sizeLimit: "1Gi" } }], [{ name: "v", mountPath: "/v" }]);
    await using mounted = await mounter.mount(pod);
    const [mount] = await mounted.mountsOf("main", {});
    await mkdir(join(mount!.source, "d/".repeat(130)), { recursive: true });
    expect(await mounted.usage()).toMatchObject([{ bytes: Number.POSITIVE_INFINITY }]);
    expect(await mounted.localUsage()).toEqual({
      bytes: Number.POSITIVE_INFINITY,
      inodes: Number.POSITIVE_INFINITY,
    });
  });

  it.each(["HugePages", "HugePages-2Mi", "memory"])("refuses the medium %s", async (medium) => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf() });
    const failure = mounter.mount(podOf([{ name: "v", emptyDir: { medium } }]));
    await expect(failure).rejects.toMatchObject({ code: "UnsupportedField" });
  });
});

describe("hostPath", () => {
  it.each([
    ["", "dir", "directory"],
    ["", "file", "file"],
    ["Directory", "dir", "directory"],
    ["DirectoryOrCreate", "dir", "directory"],
    ["DirectoryOrCreate", "new/deep", "directory"],
    ["File", "file", "file"],
    ["FileOrCreate", "file", "file"],
    ["FileOrCreate", "new-file", "file"],
    ["Socket", "socket", "file"],
    ["Directory", "link-to-dir", "directory"],
  ])("of type %j takes %s as a %s", async (type, name, kind) => {
    await using root = await scratch();
    await prepared(root.path, async () => {
      const mounter = createVolumeMounter({ rootDirectory: join(root.path, "root"), objects: sourceOf() });
      const path = join(root.path, name);
      const pod = podOf([{ name: "v", hostPath: { path, type } }], [{ name: "v", mountPath: "/v" }]);
      await using volumes = await mounter.mount(pod);
      const mounts = await volumes.mountsOf("main", {});
      expect(mounts).toEqual([{ source: path, target: "/v", kind, readOnly: false }]);
      expect(await readFile(join(root.path, "file"), "utf8")).toBe("text");
    });
  });

  it("takes a character device", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf() });
    const volume = { name: "v", hostPath: { path: "/dev/null", type: "CharDevice" } };
    await using volumes = await mounter.mount(podOf([volume], [{ name: "v", mountPath: "/dev/x" }]));
    expect(await volumes.mountsOf("main", {})).toMatchObject([{ kind: "file" }]);
  });

  it.each([
    ["", "none", "HostPathType", "does not exist"],
    ["Directory", "none", "HostPathType", "does not exist (type: DirectoryOrCreate would make it)"],
    ["Directory", "file", "HostPathType", "is not a directory"],
    ["DirectoryOrCreate", "file", "HostPathType", "is not a directory"],
    ["File", "dir", "HostPathType", "is not a file"],
    ["FileOrCreate", "dir", "HostPathType", "is not a file"],
    ["FileOrCreate", "none/file", "VolumeFailed", "ENOENT"],
    ["Socket", "file", "HostPathType", "is not a socket"],
    ["CharDevice", "file", "HostPathType", "is not a character device"],
    ["BlockDevice", "file", "HostPathType", "is not a block device"],
    ["Folder", "dir", "InvalidField", 'unknown hostPath type "Folder"'],
    ["constructor", "dir", "InvalidField", "unknown hostPath type"],
    ["", "dir/../file", "PathEscape", '".."'],
    ["", "file/x", "VolumeFailed", "ENOTDIR"],
  ])("of type %j refuses %s with %s", async (type, name, code, message) => {
    await using root = await scratch();
    await prepared(root.path, async () => {
      const mounter = createVolumeMounter({ rootDirectory: join(root.path, "root"), objects: sourceOf() });
      const path = `${root.path}/${name}`;
      const failure = mounter.mount(podOf([{ name: "v", hostPath: { path, type } }]));
      await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    });
  });

  it("makes no file where a link that leads nowhere points", async () => {
    await using root = await scratch();
    const shared = join(root.path, "shared");
    await mkdir(shared);
    await symlink(join(root.path, "elsewhere"), join(shared, "file"));
    const mounter = createVolumeMounter({ rootDirectory: join(root.path, "root"), objects: sourceOf() });
    const hostPath = { path: join(shared, "file"), type: "FileOrCreate" };
    const failure = mounter.mount(podOf([{ name: "v", hostPath }]));
    await expect(failure).rejects.toMatchObject({
      code: "HostPathType",
      message: expect.stringContaining("leads nowhere") as string,
    });
    expect(await readdir(root.path)).not.toContain("elsewhere");
  });

  it("refuses a relative path", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf() });
    const failure = mounter.mount(podOf([{ name: "v", hostPath: { path: "data" } }]));
    await expect(failure).rejects.toMatchObject({ code: "InvalidField" });
  });
});

describe("persistentVolumeClaim", () => {
  it("is a directory by namespace and name, read-only where the volume says so", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf(OBJECTS) });
    const volume = { name: "v", persistentVolumeClaim: { claimName: "data", readOnly: true } };
    await using volumes = await mounter.mount(podOf([volume], [{ name: "v", mountPath: "/v" }]));
    expect(await volumes.mountsOf("main", {})).toEqual([
      { source: join(root.path, "claims/shop/data"), target: "/v", kind: "directory", readOnly: true },
    ]);
  });

  it("names a claim that is not there", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf() });
    const failure = mounter.mount(podOf([{ name: "v", persistentVolumeClaim: { claimName: "none" } }]));
    await expect(failure).rejects.toMatchObject({
      code: "ObjectNotFound",
      message: 'volume "v" of pod "shop/web": persistentvolumeclaim "none" not found',
    });
  });

  it.each(["../../etc", "a/b", "", ".", "A"])("refuses the name %j", async (claimName) => {
    await using root = await scratch();
    const objects = { ...sourceOf(), persistentVolumeClaim: async () => ({}) };
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects });
    const failure = mounter.mount(podOf([{ name: "v", persistentVolumeClaim: { claimName } }]));
    await expect(failure).rejects.toMatchObject({ code: "InvalidField" });
  });
});

it.each(["", "..", "../other", "a/b", "a\0b", "x".repeat(64), "."])("refuses the UID %j", async (uid) => {
  await using root = await scratch();
  const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf() });
  const pod = podOf([{ name: "v", emptyDir: {} }]);
  pod.metadata!.uid = uid;
  const failure = mounter.mount(pod);
  await expect(failure).rejects.toMatchObject({
    code: "InvalidField",
    message: expect.stringContaining("UID"),
  });
  expect(await readdir(root.path)).toEqual([]);
});

it("keeps the pods' directories from other users", async () => {
  await using root = await scratch();
  const mounter = createVolumeMounter({ rootDirectory: join(root.path, "root"), objects: sourceOf() });
  await using _ = await mounter.mount(podOf([{ name: "v", emptyDir: {} }]));
  for (const path of ["root", `root/${POD}`]) {
    expect((await lstat(join(root.path, path))).mode & 0o077).toBe(0);
  }
});

it("stops when it is aborted, and leaves nothing", async () => {
  await using root = await scratch();
  const abort = new AbortController();
  const objects = {
    ...sourceOf(),
    configMap: async () => {
      abort.abort(new Error("enough"));
      return {};
    },
  };
  const mounter = createVolumeMounter({ rootDirectory: root.path, objects });
  const volumes = [
    { name: "v", configMap: { name: "x" } },
    { name: "w", emptyDir: {} },
  ];
  await expect(mounter.mount(podOf(volumes), { signal: abort.signal })).rejects.toThrow("enough");
  expect(await readdir(root.path)).toEqual([]);
});

it("lists the kinds it can mount", () => {
  expect(VOLUME_KINDS).toContain("persistentVolumeClaim");
  expect(VOLUME_KINDS).not.toContain("image");
});

/** Runs `test` beside a directory `dir`, a file `file`, a socket `socket` and a link to the directory. */
async function prepared(root: string, test: () => Promise<void>): Promise<void> {
  await mkdir(join(root, "dir"));
  await writeFile(join(root, "file"), "text");
  await symlink("dir", join(root, "link-to-dir"));
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(join(root, "socket"), done);
  });
  try {
    await test();
  } finally {
    await new Promise((done) => {
      server.close(done);
    });
  }
}
