import { link, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { createVolumeMounter, planMounts } from "../src/index.ts";
import { podOf, scratch, sourceOf } from "./pod-of.ts";

const EMPTY = { name: "v", emptyDir: {} };

describe("planMounts", () => {
  it("puts parents before children, and cleans paths", () => {
    const mounts = [
      { name: "v", mountPath: "/a/b/c" },
      { name: "v", mountPath: "//a//./" },
      { name: "v", mountPath: "/" },
      { name: "v", mountPath: "a/b", subPath: "./x//y/" },
    ];
    expect(planMounts(podOf([EMPTY], mounts), "main", {})).toEqual([
      { volume: "v", target: "/", readOnly: false },
      { volume: "v", target: "/a", readOnly: false },
      { volume: "v", target: "/a/b", subPath: "x/y", readOnly: false },
      { volume: "v", target: "/a/b/c", readOnly: false },
    ]);
  });

  it("expands subPathExpr by the container's environment", () => {
    const pod = podOf([EMPTY], [{ name: "v", mountPath: "/v", subPathExpr: "logs/$(POD)/$$(X)" }]);
    expect(planMounts(pod, "main", { POD: "web" })).toMatchObject([{ subPath: "logs/web/$(X)" }]);
  });

  it.each<[object, Record<string, string>, string, string]>([
    [{ mountPath: "/v", subPathExpr: "$(NONE)" }, {}, "InvalidField", 'the variable "NONE"'],
    [{ mountPath: "/v", subPathExpr: "$(EMPTY)" }, { EMPTY: "" }, "InvalidField", 'the variable "EMPTY"'],
    [{ mountPath: "/v", subPathExpr: "$(toString)" }, {}, "InvalidField", 'the variable "toString"'],
    [{ mountPath: "/v", subPathExpr: "$(UP)/x" }, { UP: ".." }, "PathEscape", '".."'],
    [{ mountPath: "/v", subPathExpr: "$(ABS)" }, { ABS: "/etc" }, "PathEscape", "relative"],
    [{ mountPath: "/v", subPathExpr: "$(NUL)" }, { NUL: "a\0b" }, "InvalidField", "null character"],
    [{ mountPath: "/v", subPath: "a/../../b" }, {}, "PathEscape", '".."'],
    [{ mountPath: "/v", subPath: "/etc" }, {}, "PathEscape", "relative"],
    [{ mountPath: "/v/../../etc" }, {}, "PathEscape", '".."'],
  ])("refuses %j", (mount, env, code, message) => {
    const pod = podOf([EMPTY], [{ name: "v", ...mount } as { name: string; mountPath: string }]);
    expect(() => planMounts(pod, "main", env)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it.each(["../hunter2", "/hunter2"])("tells nobody what a variable holds: %s", (SECRET) => {
    const pod = podOf([EMPTY], [{ name: "v", mountPath: "/v", subPathExpr: "$(SECRET)" }]);
    expect(() => planMounts(pod, "main", { SECRET })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });

  it("refuses two mounts at one place, unknown volumes and unknown containers", () => {
    const twice = [
      { name: "v", mountPath: "/v" },
      { name: "v", mountPath: "/v/" },
    ];
    expect(() => planMounts(podOf([EMPTY], twice), "main", {})).toThrow("another mount at /v");
    expect(() => planMounts(podOf([], [{ name: "x", mountPath: "/v" }]), "main", {})).toThrow(
      "no such volume",
    );
    expect(() => planMounts(podOf([]), "other", {})).toThrow("no such container");
  });

  it("knows init containers", () => {
    const pod = podOf([EMPTY]);
    pod.spec!.initContainers = [{ name: "init", volumeMounts: [{ name: "v", mountPath: "/v" }] }];
    expect(planMounts(pod, "init", {})).toHaveLength(1);
  });
});

/** A Pod over a hostPath volume `<root>/volume`, mounted with `subPath`. */
async function hostVolume(root: string, subPath: string, readOnly = false): ReturnType<typeof mounted> {
  await mkdir(join(root, "volume"), { recursive: true });
  return mounted(root, subPath, readOnly);
}

async function mounted(root: string, subPath: string, readOnly: boolean) {
  const mounter = createVolumeMounter({ rootDirectory: join(root, "root"), objects: sourceOf() });
  const volume = { name: "v", hostPath: { path: join(root, "volume") } };
  return mounter.mount(podOf([volume], [{ name: "v", mountPath: "/v", subPath, readOnly }]));
}

it("a subPathExpr that cannot be opened is told by its variables, not by what they hold", async () => {
  await using root = await scratch();
  await mkdir(join(root.path, "volume"));
  const volume = { name: "v", hostPath: { path: join(root.path, "volume") } };
  await writeFile(join(root.path, "volume", "file"), "");
  const mounter = createVolumeMounter({ rootDirectory: root.path, objects: sourceOf({}) });
  const pod = podOf([volume], [{ name: "v", mountPath: "/v", subPathExpr: "file/$(SECRET)" }]);
  await using volumes = await mounter.mount(pod);
  const failure = await volumes.mountsOf("main", { SECRET: "hunter2" }).catch((error: unknown) => error);
  expect(String(failure)).toContain('subPath "file/$(SECRET)"');
  expect(`${String(failure)} ${String((failure as Error).cause)}`).not.toContain("hunter2");
});

describe("subPath", () => {
  it("leads to a directory beneath the volume, made where it is missing", async () => {
    await using root = await scratch();
    await using volumes = await hostVolume(root.path, "a/b");
    const [mount] = await volumes.mountsOf("main", {});
    expect(mount).toMatchObject({ target: "/v", kind: "directory", readOnly: false });
    await writeFile(join(mount!.source, "file"), "text");
    expect(await readFile(join(root.path, "volume/a/b/file"), "utf8")).toBe("text");
    expect((await stat(join(root.path, "volume/a"))).mode & 0o777).toBe(0o750);
  });

  it("leads to a file", async () => {
    await using root = await scratch();
    await mkdir(join(root.path, "volume"));
    await writeFile(join(root.path, "volume/file"), "text");
    await using volumes = await hostVolume(root.path, "file", true);
    const [mount] = await volumes.mountsOf("main", {});
    expect(mount).toMatchObject({ target: "/v", kind: "file", readOnly: true });
    expect(await readFile(mount!.source, "utf8")).toBe("text");
  });

  it("follows links that stay inside", async () => {
    await using root = await scratch();
    await mkdir(join(root.path, "volume/real/deep"), { recursive: true });
    await symlink("real", join(root.path, "volume/link"));
    await symlink("../../link/deep", join(root.path, "volume/real/deep/back"));
    await writeFile(join(root.path, "volume/real/deep/file"), "text");
    await using volumes = await hostVolume(root.path, "link/deep/back/back/file");
    const [mount] = await volumes.mountsOf("main", {});
    expect(await readFile(mount!.source, "utf8")).toBe("text");
  });

  it.each([
    ["an absolute link", "/etc", "x"],
    ["an absolute link on the way", "/", "x/etc/passwd"],
    ["a link above", "..", "x"],
    ["a link above, on the way", "../outside", "x/secret"],
    ["a link above by a detour", "d/../../outside", "x/secret"],
    ["a link to itself", "x", "x"],
    ["a link to the host's root by the process", "/proc/self/root", "x/etc"],
  ])("refuses %s", async (_, target, subPath) => {
    await using root = await scratch();
    await mkdir(join(root.path, "outside"));
    await writeFile(join(root.path, "outside/secret"), "secret");
    await mkdir(join(root.path, "volume/d"), { recursive: true });
    await symlink(target, join(root.path, "volume/x"));
    await using volumes = await hostVolume(root.path, subPath);
    await expect(volumes.mountsOf("main", {})).rejects.toMatchObject({ code: "PathEscape" });
  });

  it("refuses a way through a file", async () => {
    await using root = await scratch();
    await mkdir(join(root.path, "volume"));
    await writeFile(join(root.path, "volume/file"), "text");
    await using volumes = await hostVolume(root.path, "file/x");
    await expect(volumes.mountsOf("main", {})).rejects.toMatchObject({ code: "VolumeFailed" });
  });

  it("stays where it led, whatever a neighbour puts there afterwards", async () => {
    await using root = await scratch();
    await mkdir(join(root.path, "volume/a"), { recursive: true });
    await mkdir(join(root.path, "outside"));
    await writeFile(join(root.path, "outside/secret"), "secret");
    await using volumes = await hostVolume(root.path, "a");
    const [mount] = await volumes.mountsOf("main", {});
    await rename(join(root.path, "volume/a"), join(root.path, "volume/b"));
    await symlink(join(root.path, "outside"), join(root.path, "volume/a"));
    await expect(readFile(join(mount!.source, "secret"))).rejects.toMatchObject({ code: "ENOENT" });
    await writeFile(join(root.path, "volume/b/mine"), "text");
    expect(await readFile(join(mount!.source, "mine"), "utf8")).toBe("text");
  });

  it("never leads outside while a neighbour swaps links", async () => {
    await using root = await scratch();
    await mkdir(join(root.path, "volume/a"), { recursive: true });
    await mkdir(join(root.path, "outside"));
    await writeFile(join(root.path, "outside/secret"), "secret");
    await using volumes = await hostVolume(root.path, "a/secret");
    const done = new AbortController();
    const stumbles = (): void => undefined;
    const a = join(root.path, "volume/a");
    const b = join(root.path, "volume/b");
    let rounds = 0;
    const swapper = async (): Promise<void> => {
      for (; !done.signal.aborted; rounds += 1) {
        // The opener makes directories in between, so that any of these may fail.
        await rename(a, b).catch(stumbles);
        await symlink("../outside", a).catch(stumbles);
        await rm(a, { recursive: true, force: true }).catch(stumbles);
        await rename(b, a).catch(stumbles);
      }
    };
    const outside = await stat(join(root.path, "outside/secret"));
    const led: number[] = [];
    const opener = async (): Promise<void> => {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        const mounts = await volumes.mountsOf("main", {}).catch(() => []);
        for (const { source } of mounts) led.push((await stat(source)).ino);
      }
      done.abort();
    };
    await Promise.all([opener(), swapper()]);
    expect(rounds).toBeGreaterThan(1);
    expect(led).not.toContain(outside.ino);
  });

  it("of a ConfigMap leads to the file of one key, and to nothing else", async () => {
    await using root = await scratch();
    const objects = sourceOf({ configMaps: { settings: { data: { key: "text" } } } });
    const mounter = createVolumeMounter({ rootDirectory: root.path, objects });
    const volume = { name: "v", configMap: { name: "settings" } };
    await using good = await mounter.mount(podOf([volume], [{ name: "v", mountPath: "/k", subPath: "key" }]));
    const [mount] = await good.mountsOf("main", {});
    expect(mount).toMatchObject({ kind: "file", readOnly: true });
    expect(await readFile(mount!.source, "utf8")).toBe("text");
    const other = podOf([volume], [{ name: "v", mountPath: "/k", subPath: "none" }]);
    other.metadata!.uid = "2";
    await using bad = await mounter.mount(other);
    await expect(bad.mountsOf("main", {})).rejects.toMatchObject({
      message: expect.stringContaining('container "main", volume "v": subPath "none" is not in the volume'),
      detail: 'volume "v": subPath "none" is not in the volume',
    });
  });

  it("makes nothing in a claim that is read-only", async () => {
    await using root = await scratch();
    const mounter = createVolumeMounter({
      rootDirectory: root.path,
      objects: sourceOf({ claims: { data: {} } }),
    });
    const volume = { name: "v", persistentVolumeClaim: { claimName: "data", readOnly: true } };
    await using volumes = await mounter.mount(
      podOf([volume], [{ name: "v", mountPath: "/v", subPath: "a" }]),
    );
    await expect(volumes.mountsOf("main", {})).rejects.toThrow('subPath "a" is not in the volume');
    expect(await readdir(join(root.path, "claims/shop/data"))).toEqual([]);
  });

  it("keeps no more descriptors than the last start of a container needs", async () => {
    await using root = await scratch();
    const volumes = await hostVolume(root.path, "a");
    const [first] = await volumes.mountsOf("main", {});
    const [second] = await volumes.mountsOf("main", {});
    const { ino } = await stat(join(root.path, "volume/a"));
    expect((await stat(second!.source)).ino).toBe(ino);
    const gone = await stat(first!.source).then(
      (stats) => stats.ino !== ino || first!.source === second!.source,
      () => true,
    );
    expect(gone).toBe(true);
    await volumes[Symbol.asyncDispose]();
    const left = await stat(second!.source).then(
      (stats) => stats.ino === ino,
      () => false,
    );
    expect(left).toBe(false);
  });

  it("opens a hard link as what it is: a file of the volume", async () => {
    await using root = await scratch();
    await mkdir(join(root.path, "volume"));
    await writeFile(join(root.path, "volume/file"), "text");
    await link(join(root.path, "volume/file"), join(root.path, "volume/second"));
    await using volumes = await hostVolume(root.path, "second");
    const [mount] = await volumes.mountsOf("main", {});
    expect(await readFile(mount!.source, "utf8")).toBe("text");
  });
});
