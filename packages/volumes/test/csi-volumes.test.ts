import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { CsiVolume, CsiVolumes, ObjectSource, PersistentVolumeObject } from "@krustlet/interface";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { createVolumeMounter, removePodVolumes } from "../src/index.ts";
import { podOf, scratch } from "./pod-of.ts";

const CSI = {
  driver: "mock.csi.example",
  volumeHandle: "disk-1",
  volumeAttributes: { pool: "fast" },
  nodeStageSecretRef: { namespace: "storage", name: "login" },
};
const POD = podOf(
  [{ name: "v", persistentVolumeClaim: { claimName: "data" } }],
  [{ name: "v", mountPath: "/v" }],
);
const UID = POD.metadata?.uid ?? "";

function cluster(spec: PersistentVolumeObject["spec"] = { csi: CSI }): ObjectSource {
  return {
    configMap: async () => undefined,
    secret: async (namespace, name) =>
      namespace === "storage" && name === "login" ? { data: { user: btoa("ann") } } : undefined,
    persistentVolumeClaim: async () => ({
      metadata: { uid: "claim-1" },
      spec: { volumeName: "pv" },
      status: { phase: "Bound" },
    }),
    persistentVolume: async () => ({
      spec: { claimRef: { namespace: "shop", name: "data", uid: "claim-1" }, ...spec },
    }),
  };
}

/** Publishes by making a file that must never be removed while it is published. */
function driver(failing: { publish?: boolean; unpublish?: boolean } = {}) {
  const published: CsiVolume[] = [];
  const unpublished: string[] = [];
  const csi: CsiVolumes = {
    publish: async (volume) => {
      const path = join(volume.directory, "mount");
      await mkdir(path, { recursive: true });
      await writeFile(join(path, "data"), "precious");
      await writeFile(join(volume.directory, "vol_data.json"), "{}");
      if (failing.publish === true) throw new KrustletError("VolumeFailed", "the driver fails");
      published.push(volume);
      return { path };
    },
    unpublish: async (directory) => {
      if (failing.unpublish === true) throw new KrustletError("VolumeFailed", "the driver is gone");
      unpublished.push(directory);
      await rm(join(directory, "vol_data.json"), { force: true });
    },
  };
  return { csi, published, unpublished, failing };
}

describe("a claim on a volume of a CSI driver", () => {
  it("is what the driver publishes, and is unpublished with the pod", async () => {
    await using root = await scratch();
    const { csi, published, unpublished } = driver();
    const objects = cluster({ csi: CSI, accessModes: ["ReadWriteMany"], mountOptions: ["noatime"] });
    const volumes = await createVolumeMounter({ rootDirectory: root.path, objects, csi }).mount(POD);
    const directory = join(root.path, "pods", UID, "volumes", "kubernetes.io~csi", "pv");
    expect(await volumes.mountsOf("main", {})).toEqual([
      { source: join(directory, "mount"), target: "/v", kind: "directory", readOnly: false },
    ]);
    expect(published).toEqual([
      {
        driver: "mock.csi.example",
        volumeHandle: "disk-1",
        name: "pv",
        lifecycle: "Persistent",
        directory,
        mountOptions: ["noatime"],
        accessModes: ["ReadWriteMany"],
        readOnly: false,
        attributes: { pool: "fast" },
        stageSecrets: { user: "ann" },
        publishSecrets: {},
        pod: { name: "web", namespace: "shop", uid: UID, serviceAccount: "default" },
      },
    ]);
    await volumes[Symbol.asyncDispose]();
    expect(unpublished).toEqual([directory]);
    expect(await readdir(join(root.path, "pods"))).toEqual([]);
  });

  it("is read-only where its PersistentVolume says so", async () => {
    await using root = await scratch();
    const { csi, published } = driver();
    const objects = cluster({ csi: { ...CSI, readOnly: true } });
    await using volumes = await createVolumeMounter({ rootDirectory: root.path, objects, csi }).mount(POD);
    expect(await volumes.mountsOf("main", {})).toMatchObject([{ readOnly: true }]);
    expect(published).toMatchObject([{ readOnly: true }]);
  });

  it("whose unpublishing fails keeps every file until another try has unpublished it", async () => {
    await using root = await scratch();
    const { csi, failing } = driver({ unpublish: true });
    const volumes = await createVolumeMounter({ rootDirectory: root.path, objects: cluster(), csi }).mount(
      POD,
    );
    await expect(volumes[Symbol.asyncDispose]()).rejects.toThrow("the driver is gone");
    const data = join(root.path, "pods", UID, "volumes", "kubernetes.io~csi", "pv", "mount", "data");
    expect(await readFile(data, "utf8")).toBe("precious");
    failing.unpublish = false;
    await volumes[Symbol.asyncDispose]();
    expect(await readdir(join(root.path, "pods"))).toEqual([]);
  });

  it("whose publishing fails is left as it is, and undone at the pod's end", async () => {
    await using root = await scratch();
    const { csi, failing, unpublished } = driver({ publish: true, unpublish: true });
    const rootDirectory = root.path;
    const init = { rootDirectory, objects: cluster(), csi, podsOutliveProcess: true };
    const mounting = createVolumeMounter(init).mount(POD);
    const error: unknown = await mounting.catch((reason: unknown) => reason);
    expect(isKrustletError(error, "VolumeFailed") && "volume" in error && error.volume).toBe("v");
    const data = join(root.path, "pods", UID, "volumes", "kubernetes.io~csi", "pv", "mount", "data");
    expect(await readFile(data, "utf8")).toBe("precious");
    await expect(removePodVolumes({ rootDirectory, uid: UID })).rejects.toThrow("CSI driver");
    await expect(removePodVolumes({ rootDirectory, uid: UID, csi })).rejects.toThrow("the driver is gone");
    expect(await readFile(data, "utf8")).toBe("precious");
    failing.unpublish = false;
    await removePodVolumes({ rootDirectory, uid: UID, csi });
    expect(unpublished).toHaveLength(1);
    expect(await readdir(join(root.path, "pods"))).toEqual([]);
  });

  it("waits for a secret that is not there", async () => {
    await using root = await scratch();
    const { csi, published } = driver();
    const objects = cluster({ csi: { ...CSI, nodeStageSecretRef: { namespace: "other", name: "login" } } });
    const mounting = createVolumeMounter({ rootDirectory: root.path, objects, csi }).mount(POD);
    await expect(mounting).rejects.toMatchObject({
      code: "ObjectNotFound",
      retryable: true,
      detail: 'persistentvolume "pv": nodeStageSecretRef: secret "other/login" not found',
    });
    expect(published).toEqual([]);
  });
});

describe("an inline volume of a CSI driver", () => {
  const pod = podOf(
    [
      {
        name: "v",
        csi: { driver: "mock.csi.example", volumeAttributes: { size: "1" }, readOnly: true },
      },
    ],
    [{ name: "v", mountPath: "/v" }],
  );

  it("is one of that pod's own", async () => {
    await using root = await scratch();
    const { csi, published } = driver();
    const init = { rootDirectory: root.path, objects: cluster(), csi };
    await using volumes = await createVolumeMounter(init).mount(pod);
    const directory = join(root.path, "pods", UID, "volumes", "kubernetes.io~csi", "v");
    expect(await volumes.mountsOf("main", {})).toMatchObject([
      { source: join(directory, "mount"), readOnly: true },
    ]);
    expect(published).toMatchObject([{ lifecycle: "Ephemeral", directory, attributes: { size: "1" } }]);
    expect(published[0]?.volumeHandle).toMatch(/^csi-[0-9a-f]{64}$/u);
  });

  it("is refused where there are no drivers", async () => {
    await using root = await scratch();
    const mounting = createVolumeMounter({ rootDirectory: root.path, objects: cluster() }).mount(pod);
    await expect(mounting).rejects.toMatchObject({ code: "UnsupportedField" });
  });
});
