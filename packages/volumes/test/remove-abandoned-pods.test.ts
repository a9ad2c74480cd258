import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import {
  createVolumeMounter,
  listLeftPodVolumes,
  ownPod,
  removeAbandonedPods,
  removePodVolumes,
} from "../src/index.ts";
import { podOf, scratch, sourceOf } from "./pod-of.ts";

const VOLUMES = [
  { name: "disk", emptyDir: {} },
  { name: "memory", emptyDir: { medium: "Memory" } },
];

async function setUp(podsOutliveProcess = false) {
  const root = await scratch();
  const init = { rootDirectory: join(root.path, "root"), memoryDirectory: join(root.path, "memory") };
  await mkdir(init.memoryDirectory);
  const mounter = createVolumeMounter({ ...init, objects: sourceOf(), podsOutliveProcess });
  const pod = podOf(VOLUMES, [{ name: "memory", mountPath: "/m" }]);
  const volumes = await mounter.mount(pod);
  const pods = join(init.rootDirectory, "pods");
  const [memory = ""] = await readdir(init.memoryDirectory);
  return {
    init,
    volumes,
    pods,
    inMemory: () => readdir(join(init.memoryDirectory, memory)),
    owner: join(pods, "11111111-2222.owner"),
    outside: root.path,
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

/** What a process that has ended by now would have written. */
async function markOfTheDead(owner: string): Promise<void> {
  const { pid } = spawnSync("true");
  const [, , namespace] = (await readFile(owner, "utf8")).split(" ");
  await writeFile(owner, `${pid} 1 ${namespace}`);
}

it("removes what a killed process left on disk and in memory, and follows no link", async () => {
  await using t = await setUp();
  await writeFile(join(t.outside, "kept"), "kept");
  await symlink(t.outside, join(t.pods, "11111111-2222/volumes/link"));
  await markOfTheDead(t.owner);
  await removeAbandonedPods(t.init);
  expect(await readdir(t.pods)).toEqual([]);
  expect(await t.inMemory()).toEqual([]);
  expect(await readFile(join(t.outside, "kept"), "utf8")).toBe("kept");
});

describe("a pod without volumes", () => {
  it("is removed when its process was killed, with what lies elsewhere of it", async () => {
    await using root = await scratch();
    const pods = join(root.path, "pods");
    await ownPod(root.path, "without-volumes");
    await mkdir(join(pods, "without-volumes/containers"), { recursive: true });
    await markOfTheDead(join(pods, "without-volumes.owner"));
    const told: string[] = [];
    let broken = true;
    const removeRest = async (uid: string): Promise<void> => {
      told.push(uid);
      if (broken) throw new Error("in use");
    };
    const init = { rootDirectory: root.path, memoryDirectory: false, removeRest } as const;
    await removeAbandonedPods(init);
    expect(await readdir(pods)).toEqual(["without-volumes", "without-volumes.owner"]);
    broken = false;
    await removeAbandonedPods(init);
    expect(await readdir(pods)).toEqual([]);
    expect(told).toEqual(["without-volumes", "without-volumes"]);
  });

  it("is left alone while its process lives, and has no mark any more when it has ended", async () => {
    await using root = await scratch();
    const owned = await ownPod(root.path, "without-volumes");
    await removeAbandonedPods({ rootDirectory: root.path, memoryDirectory: false });
    expect(await readdir(join(root.path, "pods"))).toEqual(["without-volumes.owner"]);
    await owned[Symbol.asyncDispose]();
    expect(await readdir(join(root.path, "pods"))).toEqual([]);
  });

  it.each(["", "..", "../x", "a/b", "a.b"])("is not marked by a UID such as %j", async (uid) => {
    await using root = await scratch();
    await expect(ownPod(root.path, uid)).rejects.toMatchObject({ code: "InvalidField" });
  });
});

it("leaves alone what belongs to a process that lives, may live elsewhere, or is not known", async () => {
  await using t = await setUp();
  const before = [await readdir(t.pods), await t.inMemory()];
  const mark = await readFile(t.owner, "utf8");
  for (const text of [mark, `${mark}0`, "", "1", "x y z", "99999999 1 1"]) {
    await writeFile(t.owner, text);
    await removeAbandonedPods(t.init);
    expect([await readdir(t.pods), await t.inMemory()]).toEqual(before);
  }
});

it("finds no mark of a pod whose volumes have been removed", async () => {
  await using t = await setUp();
  await t.volumes[Symbol.asyncDispose]();
  expect(await readdir(t.pods)).toEqual([]);
});

it("does not take a pod's memory for that of another whose UID begins alike", async () => {
  await using t = await setUp();
  await writeFile(join(t.pods, "11111111.owner"), await readFile(t.owner, "utf8"));
  await markOfTheDead(join(t.pods, "11111111.owner"));
  await removeAbandonedPods(t.init);
  expect(await t.inMemory()).toEqual(["11111111-2222.memory"]);
});

describe("pods that outlive their process", () => {
  it("are never taken for abandoned: a node may be down while somebody runs a pod beside it", async () => {
    await using t = await setUp(true);
    const before = [await readdir(t.pods), await t.inMemory()];
    await removeAbandonedPods(t.init);
    expect([await readdir(t.pods), await t.inMemory()]).toEqual(before);
  });

  it("keep what their volumes held when they are mounted again", async () => {
    await using t = await setUp(true);
    const kept = join(t.pods, "11111111-2222/volumes/kubernetes.io~empty-dir/disk/kept");
    await writeFile(kept, "kept");
    const mounter = createVolumeMounter({ ...t.init, objects: sourceOf(), podsOutliveProcess: true });
    await using _volumes = await mounter.mount(podOf(VOLUMES));
    expect(await readFile(kept, "utf8")).toBe("kept");
  });

  it("keep it too where that mount fails half-way", async () => {
    await using t = await setUp(true);
    const kept = join(t.pods, "11111111-2222/volumes/kubernetes.io~empty-dir/disk/kept");
    await writeFile(kept, "kept");
    const memory = await t.inMemory();
    const nowhere = join(t.outside, "nowhere");
    await symlink("gone", nowhere);
    const mounter = createVolumeMounter({ ...t.init, objects: sourceOf(), podsOutliveProcess: true });
    const hostPath = { name: "host", hostPath: { path: nowhere, type: "FileOrCreate" } };
    await expect(mounter.mount(podOf([...VOLUMES, hostPath]))).rejects.toThrow("leads nowhere");
    expect(await readFile(kept, "utf8")).toBe("kept");
    expect(await t.inMemory()).toEqual(memory);
  });
});

it("removes the volumes of one pod that outlived its process, in memory too, and of no other", async () => {
  await using t = await setUp();
  const disk = (): Promise<readonly string[]> => readdir(t.pods);
  await removePodVolumes({ ...t.init, uid: "11111111-2222" });
  // It is of a process that gives each Pod a new UID.
  expect(await disk()).toHaveLength(2);
  await rm(t.owner);
  await removePodVolumes({ ...t.init, uid: "11111111-3333" });
  expect(await disk()).toHaveLength(1);
  await removePodVolumes({ ...t.init, uid: "11111111-2222" });
  expect([await disk(), await t.inMemory()]).toEqual([[], []]);
  await removePodVolumes({ ...t.init, uid: "11111111-2222" });
  await expect(removePodVolumes({ ...t.init, uid: "../../etc" })).rejects.toMatchObject({
    code: "InvalidField",
  });
});

it("lists the pods of which processes left something that others take up, half removed ones too", async () => {
  await using t = await setUp(true);
  await mkdir(join(t.pods, "33333333.removing"));
  await mkdir(join(t.pods, "44444444"));
  await writeFile(join(t.pods, "44444444.owner"), "1 1 1");
  await writeFile(join(t.pods, "..data"), "");
  expect((await listLeftPodVolumes(t.init)).toSorted()).toEqual(["11111111-2222", "33333333"]);
  expect(await listLeftPodVolumes({ rootDirectory: join(t.pods, "nothing") })).toEqual([]);
});
