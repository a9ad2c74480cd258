import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { KrustletError } from "@krustlet/interface";

import { isDriverName } from "./parse-registration.ts";
import { textIn } from "./rpc/read-answer.ts";

/** What it takes to undo a volume, noted on disk before a driver is asked for anything. */
export interface VolumeData {
  readonly driverName: string;
  readonly volumeHandle: string;
  readonly specVolID: string;
  readonly volumeLifecycleMode: "Persistent" | "Ephemeral";
  /** Where it is staged; absent: the driver does not stage. */
  readonly stagingTargetPath?: string;
}

const FILE = "vol_data.json";

/** Notes it: all of it or nothing. */
export async function writeVolumeData(directory: string, data: VolumeData): Promise<void> {
  const path = join(directory, FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(data)}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

/**
 * What was noted; undefined where nothing was.
 * @throws KrustletError `VolumeFailed` for a file that is none of it: nobody knows what is mounted there.
 */
export async function readVolumeData(directory: string): Promise<VolumeData | undefined> {
  const path = join(directory, FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
  const data = parseVolumeData(text);
  if (data !== undefined) return data;
  throw new KrustletError("VolumeFailed", `${path} does not say which CSI volume was published beside it`);
}

/** Nothing is to be undone any more. */
export async function removeVolumeData(directory: string): Promise<void> {
  await rm(join(directory, FILE), { force: true });
}

function parseVolumeData(text: string): VolumeData | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const driverName = textIn(value, "driverName");
  const volumeHandle = textIn(value, "volumeHandle");
  const mode = textIn(value, "volumeLifecycleMode");
  const staged = textIn(value, "stagingTargetPath");
  if (!isDriverName(driverName) || volumeHandle === "" || !isLifecycle(mode)) return undefined;
  return {
    driverName,
    volumeHandle,
    specVolID: textIn(value, "specVolID"),
    volumeLifecycleMode: mode,
    ...(staged !== "" && { stagingTargetPath: staged }),
  };
}

function isLifecycle(mode: string): mode is VolumeData["volumeLifecycleMode"] {
  return mode === "Persistent" || mode === "Ephemeral";
}
