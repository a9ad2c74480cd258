import { opendir, lstat } from "node:fs/promises";
import { join } from "node:path";

import { logDirOf, pathSegmentOf } from "@krustlet/cri-log";
import type { ContainerUse, PodUse } from "@krustlet/eviction";

import type { PodContext } from "./pod-context.ts";
import { containersDirOf } from "./pod-paths.ts";

/** What is measured of a pod: reading how much it has written walks whole trees. */
export interface MeasureOptions {
  /** False: what it has written counts as nothing. */
  readonly storage: boolean;
}

interface DiskUse {
  readonly bytes: number;
  readonly inodes: number;
}

const NOTHING: DiskUse = { bytes: 0, inodes: 0 };
const BLOCK = 512;

/**
 * What a pod uses now: the linear memory of its containers, and all that it has written to the node's disk: logs,
 * termination messages, and its volumes that live as long as the pod. What goes away meanwhile is not counted.
 */
export async function measurePod(context: PodContext, { storage }: MeasureOptions): Promise<PodUse> {
  const { spec } = context.pod;
  const specs = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const measured = await Promise.all(
    specs.map(async ({ name }) => {
      const disk = storage ? await storageOf(context, name) : NOTHING;
      return { name, memoryBytes: await memoryOf(context, name), ...disk };
    }),
  );
  const volumes = storage ? await (await context.mounting)?.localUsage() : undefined;
  return {
    containers: measured.map(({ name, memoryBytes, bytes }): ContainerUse => ({
      name,
      memoryBytes,
      storageBytes: bytes,
    })),
    storageBytes: measured.reduce((sum, { bytes }) => sum + bytes, volumes?.bytes ?? 0),
    inodes: measured.reduce((sum, { inodes }) => sum + inodes, volumes?.inodes ?? 0),
  };
}

async function memoryOf({ containers }: PodContext, name: string): Promise<number> {
  const running = containers.get(name)?.running;
  if (running === undefined) return 0;
  try {
    return (await running.usage()).memoryBytes;
  } catch {
    // It has ended.
    return 0;
  }
}

async function storageOf({ kubelet, key }: PodContext, container: string): Promise<DiskUse> {
  const segment = pathSegmentOf(container);
  const [logs, messages] = await Promise.all([
    sizeOf(join(logDirOf(kubelet.rootDir, key), segment)),
    sizeOf(join(containersDirOf(kubelet.rootDir, key), segment)),
  ]);
  return { bytes: logs.bytes + messages.bytes, inodes: logs.inodes + messages.inodes };
}

/** Of a directory that the kubelet alone makes files in. One that is not there is nothing. */
async function sizeOf(directory: string): Promise<DiskUse> {
  let { bytes, inodes } = NOTHING;
  try {
    for await (const { name } of await opendir(directory)) {
      const stats = await lstat(join(directory, name)).catch(() => undefined);
      if (stats === undefined) continue;
      bytes += stats.blocks * BLOCK;
      inodes += 1;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return { bytes, inodes };
}
