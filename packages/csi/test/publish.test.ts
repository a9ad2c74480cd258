import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { startCsiDriver } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { csiNode, DRIVER } from "./csi-node.ts";

describe("a volume", () => {
  it("is staged and published by its driver, with all that it is told of it", async () => {
    await using node = await csiNode({ spec: { attachRequired: false, podInfoOnMount: true } });
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry });
    const { path } = await node.csi.publish(node.volumeOf("uid-1", { readOnly: true }));
    expect(path).toBe(join(node.directoryOf("uid-1"), "mount"));
    expect(driver.changes()).toEqual(["NodeStageVolume", "NodePublishVolume"]);
    const staged = driver.calls.find(({ method }) => method === "NodeStageVolume")?.request ?? {};
    const capability = {
      mount: { fs_type: "ext4", mount_flags: ["noatime"] },
      access_mode: { mode: 1 },
    };
    expect(staged).toMatchObject({
      volume_id: "handle/../1",
      volume_capability: capability,
      secrets: { stage: "stage secret" },
      volume_context: { pool: "fast" },
    });
    const staging = String(staged["staging_target_path"]);
    expect(staging.startsWith(join(node.root, "plugins", "kubernetes.io", "csi", DRIVER))).toBe(true);
    expect(staging).toMatch(/\/[0-9a-f]{64}\/globalmount$/u);
    expect(driver.calls.at(-1)?.request).toEqual({
      volume_id: "handle/../1",
      publish_context: {},
      staging_target_path: staging,
      target_path: path,
      volume_capability: capability,
      readonly: true,
      secrets: { publish: "publish secret" },
      volume_context: {
        pool: "fast",
        "csi.storage.k8s.io/pod.name": "web",
        "csi.storage.k8s.io/pod.namespace": "shop",
        "csi.storage.k8s.io/pod.uid": "uid-1",
        "csi.storage.k8s.io/serviceAccount.name": "default",
        "csi.storage.k8s.io/ephemeral": "false",
      },
    });
  });

  it("is unstaged with the last pod that uses it, also by the node's next process", async () => {
    await using node = await csiNode();
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry });
    await node.csi.publish(node.volumeOf("uid-1"));
    await node.csi.publish(node.volumeOf("uid-2"));
    const csi = node.again();
    await csi.unpublish(node.directoryOf("uid-1"));
    expect(driver.changes().slice(4)).toEqual(["NodeUnpublishVolume"]);
    await csi.unpublish(node.directoryOf("uid-2"));
    expect(driver.changes().slice(5)).toEqual(["NodeUnpublishVolume", "NodeUnstageVolume"]);
    await csi.unpublish(node.directoryOf("uid-2"));
    expect(driver.changes()).toHaveLength(7);
    expect(await readdir(join(node.root, "plugins", "kubernetes.io", "csi", DRIVER))).toEqual([]);
  });

  it("of a driver that does not stage is published only", async () => {
    await using node = await csiNode();
    const methods = { NodeGetCapabilities: () => ({ capabilities: [{ rpc: { type: 2 } }] }) };
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    await node.csi.publish(node.volumeOf("uid-1"));
    await node.csi.unpublish(node.directoryOf("uid-1"));
    expect(driver.changes()).toEqual(["NodePublishVolume", "NodeUnpublishVolume"]);
  });

  it.each([
    ["ReadWriteOncePod", [{ rpc: { type: 5 } }], 6],
    ["ReadWriteOncePod", [], 1],
    ["ReadOnlyMany", [], 3],
    ["ReadWriteMany", [], 5],
  ])("with the access mode %s is told to a driver of %j as %i", async (mode, capabilities, number) => {
    await using node = await csiNode();
    const methods = { NodeGetCapabilities: () => ({ capabilities }) };
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    await node.csi.publish(node.volumeOf("uid-1", { accessModes: [mode] }));
    const request = driver.calls.at(-1)?.request;
    expect(request).toMatchObject({ volume_capability: { access_mode: { mode: number } } });
  });

  it("that failed halfway is undone all the same", async () => {
    await using node = await csiNode();
    const methods = {
      NodePublishVolume: () => {
        throw Object.assign(new Error("no"), { code: 13, details: "disk\n of publish secret is broken" });
      },
    };
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    const failed = node.csi.publish(node.volumeOf("uid-1"));
    await expect(failed).rejects.toMatchObject({
      code: "VolumeFailed",
      retryable: true,
      message: `the CSI driver "${DRIVER}": NodePublishVolume: rpc error: code = Internal desc = disk  of *** is broken`,
    });
    await node.csi.unpublish(node.directoryOf("uid-1"));
    expect(driver.changes().slice(2)).toEqual(["NodeUnpublishVolume", "NodeUnstageVolume"]);
  });

  it("keeps what it takes to undo it until its driver has done so, and no secret", async () => {
    await using node = await csiNode();
    let broken = true;
    const methods = {
      NodeUnpublishVolume: () => {
        if (broken) throw Object.assign(new Error("busy"), { code: 9, details: "busy" });
      },
    };
    await using _driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    await node.csi.publish(node.volumeOf("uid-1"));
    const directory = node.directoryOf("uid-1");
    await expect(node.csi.unpublish(directory)).rejects.toMatchObject({ code: "VolumeFailed" });
    expect(JSON.parse(await readFile(join(directory, "vol_data.json"), "utf8"))).toMatchObject({
      driverName: DRIVER,
      volumeHandle: "handle/../1",
    });
    expect(await readFile(join(directory, "vol_data.json"), "utf8")).not.toContain("secret");
    broken = false;
    await node.csi.unpublish(directory);
    expect(await readdir(directory)).not.toContain("vol_data.json");
  });

  it("whose note on disk is no such note is not taken for one that is gone", async () => {
    await using node = await csiNode();
    await using _driver = await startCsiDriver({ name: DRIVER, registry: node.registry });
    await node.csi.publish(node.volumeOf("uid-1"));
    const directory = node.directoryOf("uid-1");
    await writeFile(join(directory, "vol_data.json"), '{"driverName":"../../etc"');
    await expect(node.csi.unpublish(directory)).rejects.toMatchObject({ code: "VolumeFailed" });
  });

  it.each([
    ["has to be attached", undefined, {}, "have to be attached"],
    ["is inline where its driver knows none", { spec: {} }, { lifecycle: "Ephemeral" } as const, "Ephemeral"],
    ["names a path as its driver", { spec: {} }, { driver: "../../x" }, "not the name of a CSI driver"],
    ["has no handle", { spec: {} }, { volumeHandle: "" }, "empty or too long"],
  ])("that %s is refused, and its driver not asked", async (_what, object, change, message) => {
    await using node = await csiNode(object ?? { spec: { attachRequired: true } });
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry });
    await expect(node.csi.publish(node.volumeOf("uid-1", change))).rejects.toThrow(message);
    expect(driver.changes()).toEqual([]);
  });
});
