import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CsiVolume } from "@krustlet/interface";

import { startCsi } from "../src/index.ts";
import type { Csi, CsiDriverObject, CsiNodeObject, StartCsiInit } from "../src/index.ts";

/** A node's CSI in a directory of its own, with a model of the API server's objects. */
export interface TestCsiNode extends AsyncDisposable {
  readonly csi: Csi;
  readonly root: string;
  readonly registry: string;
  readonly registered: readonly string[];
  readonly failures: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly csiNode: () => CsiNodeObject | undefined;
  /** The node's next process. */
  again(): Csi;
  /** The directory of a pod's volume. */
  directoryOf(uid: string): string;
  volumeOf(uid: string, change?: Partial<CsiVolume>): CsiVolume;
}

export const DRIVER = "mock.csi.example";
const PUBLISHABLE: CsiDriverObject = { spec: { attachRequired: false } };

export async function csiNode(
  driver: CsiDriverObject | undefined = PUBLISHABLE,
  change: Partial<StartCsiInit> = {},
): Promise<TestCsiNode> {
  const root = await mkdtemp(join(tmpdir(), "n-"));
  const registry = join(root, "plugins_registry");
  await mkdir(registry);
  const registered: string[] = [];
  const failures: string[] = [];
  const labels: Record<string, string> = {};
  let object: CsiNodeObject | undefined;
  const start = (): Csi =>
    startCsi({
      rootDirectory: root,
      cluster: {
        getCsiDriver: async () => driver,
        getCsiNode: async () => object,
        createCsiNode: async (node) => (object = node),
        updateCsiNode: async (_name, node) => (object = node),
        labelNode: async (more) => Object.assign(labels, more),
      },
      node: () => ({ name: "edge-1", uid: "node-uid" }),
      waitMs: { publish: 5000, unpublish: 5000 },
      onRegistered: (name) => registered.push(name),
      onFailure: (_path, error) => failures.push(error instanceof Error ? error.message : String(error)),
      ...change,
    });
  let csi = start();
  const directoryOf = (uid: string): string =>
    join(root, "pods", uid, "volumes", "kubernetes.io~csi", "pv-1");
  return {
    get csi() {
      return csi;
    },
    root,
    registry,
    registered,
    failures,
    labels,
    csiNode: () => object,
    again: () => {
      csi[Symbol.dispose]();
      return (csi = start());
    },
    directoryOf,
    volumeOf: (uid, more = {}) => ({
      driver: DRIVER,
      volumeHandle: "handle/../1",
      name: "pv-1",
      lifecycle: "Persistent",
      directory: directoryOf(uid),
      fsType: "ext4",
      mountOptions: ["noatime"],
      accessModes: ["ReadWriteOnce"],
      readOnly: false,
      attributes: { pool: "fast" },
      stageSecrets: { stage: "stage secret" },
      publishSecrets: { publish: "publish secret" },
      pod: { name: "web", namespace: "shop", uid, serviceAccount: "default" },
      ...more,
    }),
    [Symbol.asyncDispose]: async () => {
      csi[Symbol.dispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
