import { mkdir, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

import { KrustletError } from "@krustlet/interface";
import type { Cancellable, CsiVolume, CsiVolumes } from "@krustlet/interface";

import { ByKey } from "./by-key.ts";
import type { CsiCluster } from "./cluster.ts";
import { CAPABILITY } from "./csi-driver.ts";
import type { CsiDriver } from "./csi-driver.ts";
import type { DriverRegistry } from "./driver-registry.ts";
import { isMountedBeneath } from "./mounted-beneath.ts";
import { isDriverName } from "./parse-registration.ts";
import { capabilityOf, demandPublishable, stagingDirectoryOf, volumeContextOf } from "./plan-publish.ts";
import { addUser, removeUser } from "./staged-users.ts";
import { readVolumeData, removeVolumeData, writeVolumeData } from "./volume-data.ts";
import type { VolumeData } from "./volume-data.ts";

/** What a {@link VolumePublisher} works with. */
export interface VolumePublisherInit {
  readonly rootDirectory: string;
  readonly cluster: Pick<CsiCluster, "getCsiDriver">;
  readonly registry: DriverRegistry;
  /** How long a driver that is not registered is waited for, ms. */
  readonly waitMs: { readonly publish: number; readonly unpublish: number };
}

const MAX_HANDLE_BYTES = 4096;
/** Fewer than the pods that are mounted at the same time: a driver that hangs does not keep all of them waiting. */
const MAX_PUBLISHING = 12;

/** Has drivers publish and unpublish; what is to be undone is on disk before it is done. */
export class VolumePublisher implements CsiVolumes {
  readonly #init: VolumePublisherInit;
  /** Calls about one volume come one after the other. */
  readonly #byVolume = new ByKey();

  readonly #publishing = new Map<string, number>();

  constructor(init: VolumePublisherInit) {
    this.#init = init;
  }

  async publish(volume: CsiVolume, options: Cancellable = {}): Promise<{ readonly path: string }> {
    demandVolume(volume);
    const { registry, waitMs } = this.#init;
    const driver = await registry.demand(volume.driver, waitMs.publish, options);
    const under = this.#publishing.get(volume.driver) ?? 0;
    if (under >= MAX_PUBLISHING) {
      const message = `the CSI driver "${volume.driver}" has yet to publish ${under} other volumes`;
      throw new KrustletError("VolumeFailed", message, { retryable: true });
    }
    this.#publishing.set(volume.driver, under + 1);
    try {
      const key = keyOf(volume.driver, volume.volumeHandle);
      return await this.#byVolume.run(key, () => this.#publish(volume, driver, options));
    } finally {
      this.#publishing.set(volume.driver, (this.#publishing.get(volume.driver) ?? 1) - 1);
    }
  }

  async unpublish(directory: string, options: Cancellable = {}): Promise<void> {
    const data = await readVolumeData(directory);
    if (data !== undefined) {
      const { registry, waitMs } = this.#init;
      const driver = await registry.demand(data.driverName, waitMs.unpublish, options);
      const key = keyOf(data.driverName, data.volumeHandle);
      await this.#byVolume.run(key, () => this.#unpublish(directory, data, driver, options));
    }
    if (await isMountedBeneath(directory)) throw stillMounted(directory);
    await removeVolumeData(directory);
  }

  async #publish(volume: CsiVolume, driver: CsiDriver, options: Cancellable): Promise<{ path: string }> {
    options.signal?.throwIfAborted();
    const object = await this.#init.cluster.getCsiDriver(volume.driver, options);
    demandPublishable(volume, object);
    const capabilities = await driver.capabilities(options);
    const stages = volume.lifecycle === "Persistent" && capabilities.has(CAPABILITY.stageUnstage);
    const staging = stagingDirectoryOf(this.#init.rootDirectory, volume.driver, volume.volumeHandle);
    const stagingPath = join(staging, "globalmount");
    const target = join(volume.directory, "mount");
    const common = { volume_id: volume.volumeHandle, volume_capability: capabilityOf(volume, capabilities) };
    await mkdir(volume.directory, { recursive: true, mode: 0o750 });
    await writeVolumeData(volume.directory, {
      driverName: volume.driver,
      volumeHandle: volume.volumeHandle,
      specVolID: volume.name,
      volumeLifecycleMode: volume.lifecycle,
      ...(stages && { stagingTargetPath: stagingPath }),
    });
    if (stages) {
      await addUser(staging, volume.directory);
      await mkdir(stagingPath, { recursive: true, mode: 0o750 });
      const request = {
        ...common,
        staging_target_path: stagingPath,
        secrets: volume.stageSecrets,
        volume_context: volume.attributes,
      };
      const secrets = Object.values(volume.stageSecrets);
      await driver.change("NodeStageVolume", request, { ...options, secrets });
    }
    const request = {
      ...common,
      target_path: target,
      ...(stages && { staging_target_path: stagingPath }),
      readonly: volume.readOnly,
      secrets: volume.publishSecrets,
      volume_context: volumeContextOf(volume, object),
    };
    const secrets = Object.values(volume.publishSecrets);
    await driver.change("NodePublishVolume", request, { ...options, secrets });
    return { path: target };
  }

  async #unpublish(
    directory: string,
    data: VolumeData,
    driver: CsiDriver,
    options: Cancellable,
  ): Promise<void> {
    const { volumeHandle, stagingTargetPath } = data;
    const target = join(directory, "mount");
    await driver.change("NodeUnpublishVolume", { volume_id: volumeHandle, target_path: target }, options);
    if (stagingTargetPath === undefined) return;
    const staging = stagingDirectoryOf(this.#init.rootDirectory, data.driverName, volumeHandle);
    if ((await removeUser(staging, directory)) > 0) return;
    const request = { volume_id: volumeHandle, staging_target_path: stagingTargetPath };
    await driver.change("NodeUnstageVolume", request, options);
    if (await isMountedBeneath(staging)) throw stillMounted(staging);
    await rm(staging, { recursive: true, force: true });
  }
}

/** What comes from an object of the API server becomes a path, and a driver's business. */
function demandVolume({ driver, volumeHandle, directory }: CsiVolume): void {
  if (!isDriverName(driver)) {
    const shown = JSON.stringify(driver.slice(0, 100));
    throw new KrustletError("InvalidField", `${shown} is not the name of a CSI driver`);
  }
  if (volumeHandle === "" || Buffer.byteLength(volumeHandle) > MAX_HANDLE_BYTES) {
    throw new KrustletError(
      "InvalidField",
      `the volume handle of a volume of "${driver}" is empty or too long`,
    );
  }
  if (!isAbsolute(directory)) throw new Error("a volume's directory is an absolute path");
}

function keyOf(driver: string, volumeHandle: string): string {
  return `${driver}/${volumeHandle}`;
}

function stillMounted(directory: string): KrustletError {
  const message = `something is still mounted in ${directory}, though its CSI driver has unpublished it`;
  return new KrustletError("VolumeFailed", message, { retryable: true });
}
