import { KrustletError } from "@krustlet/interface";
import type { Stats } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";

import { failedWith } from "../volume-error.ts";
import type { MadeVolume, VolumePlugin } from "../volume-plugin.ts";

const CHECKS: Readonly<Record<string, { readonly what: string; readonly is: (stats: Stats) => boolean }>> = {
  Directory: { what: "a directory", is: (stats) => stats.isDirectory() },
  DirectoryOrCreate: { what: "a directory", is: (stats) => stats.isDirectory() },
  File: { what: "a file", is: (stats) => stats.isFile() },
  FileOrCreate: { what: "a file", is: (stats) => stats.isFile() },
  Socket: { what: "a socket", is: (stats) => stats.isSocket() },
  CharDevice: { what: "a character device", is: (stats) => stats.isCharacterDevice() },
  BlockDevice: { what: "a block device", is: (stats) => stats.isBlockDevice() },
};

/** `hostPath`: a path of the host, of the `type` that the manifest says. It stays when the Pod goes. */
export const hostPathVolume: VolumePlugin = {
  kind: "hostPath",
  directoryName: "kubernetes.io~host-path",
  prepare: ({ volume, where }) => prepareHostPath(volume.hostPath ?? {}, where),
};

/** What the pod's own hostPath volumes and those of PersistentVolumes have in common. */
export async function prepareHostPath(
  { path = "", type = "" }: { readonly path?: string; readonly type?: string },
  where: string,
): Promise<() => Promise<MadeVolume>> {
  const place = `${where}: hostPath "${path}"`;
  if (!path.startsWith("/")) throw new KrustletError("InvalidField", `${place} must be an absolute path`);
  if (path.split("/").includes("..")) throw new KrustletError("PathEscape", `${place} may not contain ".."`);
  if (type !== "" && !Object.hasOwn(CHECKS, type)) {
    throw new KrustletError("InvalidField", `${where}: unknown hostPath type "${type}"`);
  }
  const found = await statOf(path);
  if (found !== undefined) checkType(found, type, place);
  else if (!type.endsWith("OrCreate")) {
    const hint = type === "" || type === "Directory" ? " (type: DirectoryOrCreate would make it)" : "";
    throw new KrustletError("HostPathType", `${place} does not exist${hint}`);
  }
  return async () => {
    if (type === "DirectoryOrCreate") await mkdir(path, { recursive: true, mode: 0o755 });
    if (type === "FileOrCreate") await makeFile(path);
    const stats = await statOf(path);
    if (stats === undefined) throw new KrustletError("HostPathType", `${place} is a link that leads nowhere`);
    checkType(stats, type, place);
    const kind = stats.isDirectory() ? "directory" : "file";
    return { path, kind, readOnly: false };
  };
}

/** Makes the file unless something is there. A link that leads nowhere is: its target is not the path to make. */
async function makeFile(path: string): Promise<void> {
  try {
    await (await open(path, "ax", 0o644)).close();
  } catch (error) {
    if (!failedWith(error, "EEXIST")) throw error;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

function checkType(stats: Stats, type: string, place: string): void {
  const check = CHECKS[type];
  if (check === undefined || check.is(stats)) return;
  throw new KrustletError("HostPathType", `${place} is not ${check.what}, which type: ${type} demands`);
}
