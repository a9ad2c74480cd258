import type { ObjectSource, PersistentVolumeClaimObject, PersistentVolumeObject } from "@krustlet/interface";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { createVolumeMounter } from "../src/index.ts";
import { podOf, scratch } from "./pod-of.ts";

const BOUND: PersistentVolumeClaimObject = {
  metadata: { uid: "claim-1" },
  spec: { volumeName: "pv" },
  status: { phase: "Bound" },
};
const CLAIM_REF = { namespace: "shop", name: "data", uid: "claim-1" };
const POD = podOf(
  [{ name: "v", persistentVolumeClaim: { claimName: "data" } }],
  [{ name: "v", mountPath: "/v" }],
);

function cluster(
  spec: PersistentVolumeObject["spec"] | undefined,
  claim: PersistentVolumeClaimObject = BOUND,
): ObjectSource {
  return {
    configMap: async () => undefined,
    secret: async () => undefined,
    persistentVolumeClaim: async () => claim,
    persistentVolume: async (name) =>
      name === "pv" && spec !== undefined ? { spec: { claimRef: CLAIM_REF, ...spec } } : undefined,
  };
}

describe("a claim in a cluster", () => {
  it.each(["hostPath", "local"])("is the directory of its %s PersistentVolume, and stays", async (kind) => {
    await using root = await scratch();
    const path = join(root.path, "disk");
    await mkdir(path);
    await writeFile(join(path, "kept"), "1");
    const objects = cluster({ [kind]: { path } });
    const volumes = await createVolumeMounter({ rootDirectory: root.path, objects }).mount(POD);
    expect(await volumes.mountsOf("main", {})).toEqual([
      { source: path, target: "/v", kind: "directory", readOnly: false },
    ]);
    await volumes[Symbol.asyncDispose]();
    await using again = await createVolumeMounter({ rootDirectory: root.path, objects }).mount(POD);
    expect(await again.mountsOf("main", {})).toHaveLength(1);
  });

  it("makes a hostPath that its PersistentVolume wants made", async () => {
    await using root = await scratch();
    const path = join(root.path, "made");
    const objects = cluster({ hostPath: { path, type: "DirectoryOrCreate" } });
    await using volumes = await createVolumeMounter({ rootDirectory: root.path, objects }).mount(POD);
    expect(await volumes.mountsOf("main", {})).toMatchObject([{ source: path }]);
  });

  it("of a PersistentVolume of other nodes is refused", async () => {
    await using root = await scratch();
    const values = ["n1"];
    const required = {
      nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values }] }],
    };
    const objects = cluster({ local: { path: root.path }, nodeAffinity: { required } });
    const on = (hostname: string) =>
      createVolumeMounter({
        rootDirectory: root.path,
        objects,
        nodeLabels: () => ({ "kubernetes.io/hostname": hostname }),
      }).mount(POD);
    await using _volumes = await on("n1");
    await expect(on("n2")).rejects.toMatchObject({
      retryable: true,
      detail: 'persistentvolume "pv": no matching NodeSelectorTerms',
    });
  });

  const hostPath = { path: "/tmp" };
  const processing = "error processing PVC shop/data:";
  it.each<[string, ObjectSource, string]>([
    ["not bound", cluster({ hostPath }, { ...BOUND, spec: {} }), `${processing} PVC is not bound`],
    [
      "still being bound",
      cluster({ hostPath }, { ...BOUND, status: { phase: "Pending" } }),
      `${processing} PVC is not bound`,
    ],
    [
      "being deleted",
      cluster({ hostPath }, { ...BOUND, metadata: { uid: "claim-1", deletionTimestamp: new Date() } }),
      `${processing} PVC is being deleted`,
    ],
    ["without its volume", cluster(undefined), `${processing} persistentvolume "pv" not found`],
    [
      "whose volume is another's",
      cluster({ hostPath, claimRef: { ...CLAIM_REF, uid: "claim-2" } }),
      `${processing} persistentvolume "pv" is bound to another claim`,
    ],
  ])("%s is tried again", async (_what, objects, detail) => {
    await using root = await scratch();
    const failure = createVolumeMounter({ rootDirectory: root.path, objects }).mount(POD);
    await expect(failure).rejects.toMatchObject({ code: "ObjectNotFound", retryable: true, detail });
  });

  it.each<[string, PersistentVolumeObject["spec"], string]>([
    [
      "a kind that needs a driver",
      { accessModes: ["ReadWriteOnce"], capacity: {}, nfs: { server: "s", path: "/" } } as object,
      'persistentvolume "pv" is of the kind "nfs", which this node cannot mount (known: hostPath, local)',
    ],
    [
      "a block device",
      { hostPath, volumeMode: "Block" },
      'persistentvolume "pv" is a block device, and WASI has none',
    ],
    [
      "a path that escapes",
      { hostPath: { path: "/a/../b" } },
      'persistentvolume "pv": hostPath "/a/../b" may',
    ],
  ])("%s is refused", async (_what, spec, detail) => {
    await using root = await scratch();
    const failure = createVolumeMounter({ rootDirectory: root.path, objects: cluster(spec) }).mount(POD);
    await expect(failure).rejects.toMatchObject({ volume: "v", detail: expect.stringContaining(detail) });
  });
});
