// oxlint-disable typescript/no-misused-spread -- Pods are plain data here; the client only describes them as classes
import { dirname } from "node:path";

import { KrustletError } from "@krustlet/interface";
import type { Manifest } from "@krustlet/manifest";
import type { V1Container, V1Pod } from "@kubernetes/client-node";

import type { CliHost } from "./cli-host.ts";
import { isModulePath, modulePathOf } from "./local-modules.ts";
import { openRegularFile } from "./open-regular-file.ts";
import { reasonOf } from "./run-options.ts";

/** A manifest that is ready to be run. */
export interface LoadedManifest {
  readonly manifest: Manifest;
  /** Its Pods, images that are files by their absolute paths. */
  readonly pods: readonly V1Pod[];
}

/**
 * Reads the manifest at `path` (`-` is stdin).
 * @throws KrustletError `InvalidManifest`, `InvalidField`, `UnsupportedField`; `InvalidUsage` if it cannot be read.
 */
export async function loadManifest(path: string, shown: string, host: CliHost): Promise<LoadedManifest> {
  if (path !== "-")
    return parsePods(await readContent(path, shown), { source: shown, directory: dirname(path) });
  return parsePods(await readAll(host.stdin), { source: "standard input", directory: host.cwd });
}

/**
 * Reads a manifest's content; `directory` is where its images' paths begin.
 * @throws KrustletError `InvalidManifest`, `InvalidField`, `UnsupportedField`.
 */
export async function parsePods(
  content: Uint8Array,
  from: { readonly source: string; readonly directory: string },
): Promise<LoadedManifest> {
  const { manifestText, parseManifest } = await import("@krustlet/manifest");
  const manifest = parseManifest(manifestText(content, from.source), { source: from.source });
  return { manifest, pods: manifest.pods.map((pod) => runnable(pod, from.directory)) };
}

function runnable(pod: V1Pod, directory: string): V1Pod {
  const { spec } = pod;
  const located = (container: V1Container): V1Container =>
    container.image !== undefined && isModulePath(container.image)
      ? { ...container, image: modulePathOf(container.image, directory) }
      : container;
  return {
    ...pod,
    spec: spec && {
      ...spec,
      containers: spec.containers.map(located),
      initContainers: spec.initContainers?.map(located),
    },
  };
}

async function readContent(path: string, shown: string): Promise<Uint8Array> {
  try {
    await using file = await openRegularFile(path);
    return await readAll(file.createReadStream({ autoClose: false }));
  } catch (cause) {
    throw new KrustletError("InvalidUsage", `${shown} cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

/** No more than a little beyond what a manifest can have: a stream may have no end. */
async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const { MAX_MANIFEST_BYTES } = await import("@krustlet/manifest");
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_MANIFEST_BYTES) break;
  }
  return Buffer.concat(chunks);
}
