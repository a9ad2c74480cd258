import { chmod, link, lutimes, mkdir, open, readdir, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { KrustletError } from "@krustlet/interface";
import type { Cancellable } from "@krustlet/interface";
import { diskError } from "./blob-file.ts";
import { createPathSet } from "./path-set.ts";
import type { PathSet } from "./path-set.ts";
import { readTar } from "./tar-reader.ts";
import type { TarEntry } from "./tar-reader.ts";
import { entryAt, resolveInTree } from "./tree-path.ts";
import type { UnpackBudget } from "./unpack-limits.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
const MAX_DEPTH = 256;

/** Options of {@link unpackLayer}. */
export interface UnpackLayerOptions extends Cancellable {
  /** Directory that the layer goes on top of. Nobody else writes to it. */
  readonly root: string;
  readonly budget: UnpackBudget;
  /** The image, for errors. */
  readonly subject: string;
}

/**
 * Applies a layer's tar stream to a tree, whiteouts included. Nothing outside of `root` is read or written, whatever the
 * archive holds: a name with `..` is refused, an absolute one is below `root`, and links on the way are followed as if
 * `root` were `/`. Devices and pipes are refused. Owners are dropped; modes keep only who may execute.
 * @throws KrustletError `UnsupportedArtifact`, `RegistryProtocol` (no tar), `NoSpace`.
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md
 */
export async function unpackLayer(
  tar: AsyncIterable<Uint8Array>,
  options: UnpackLayerOptions,
): Promise<void> {
  const layer: Layer = { ...options, own: createPathSet(options.root) };
  for await (const entry of readTar(tar)) {
    options.signal?.throwIfAborted();
    options.budget.spendEntry();
    try {
      await apply(entry, layer);
    } catch (error) {
      throw layerError(error, entry, layer);
    }
  }
}

/** What the file system refuses to make, it is the image that asks for; all else is the machine's fault. */
function layerError(error: unknown, entry: TarEntry, layer: Layer): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/^(?:ENAMETOOLONG|ENOTDIR|EISDIR|ELOOP|EEXIST|EMLINK|EILSEQ|EINVAL|EXDEV)$/.test(code)) {
    return diskError(error, layer.root);
  }
  const what = `${layer.subject}: its layer's entry ${shown(entry.name)} cannot be made (${code})`;
  return new KrustletError("UnsupportedArtifact", what, { cause: error });
}

interface Layer extends UnpackLayerOptions {
  /** Paths that this layer made, which its own whiteouts do not touch. */
  readonly own: PathSet;
}

async function apply(entry: TarEntry, layer: Layer): Promise<void> {
  const refuse = (why: string): KrustletError =>
    new KrustletError(
      "UnsupportedArtifact",
      `${layer.subject}: its layer's entry ${shown(entry.name)} ${why}`,
    );
  const parts = entry.name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse("leads out of the file system");
  if (parts.length > MAX_DEPTH || parts.some((part) => Buffer.byteLength(part) > 255))
    throw refuse("has too long a name");
  const name = parts.pop();
  if (name === undefined) return; // The root directory itself.
  const parent = await resolveInTree(layer.root, parts.join("/"));
  if (parent === undefined) throw refuse("is behind links that lead in a circle");
  const path = join(parent, name);
  if (name.startsWith(WHITEOUT)) return whiteOut(parent, name, layer, refuse);

  await makeParents(parent, layer, refuse);
  const before = await entryAt(path);
  if (before !== undefined && !(before.isDirectory() && entry.type === "directory")) {
    await rm(path, { recursive: true, force: true });
  }
  switch (entry.type) {
    case "directory":
      if (before?.isDirectory() !== true) await mkdir(path, 0o755);
      break;
    case "file":
      await writeFile(path, entry);
      break;
    case "symlink":
      if (entry.linkname === "" || Buffer.byteLength(entry.linkname) > 4095)
        throw refuse("is a link to nowhere");
      await symlink(entry.linkname, path);
      await lutimes(path, entry.mtime, entry.mtime);
      break;
    case "link":
      await hardLink(path, entry, layer, refuse);
      break;
    case "character":
    case "block":
    case "fifo":
      throw refuse(`is a ${entry.type === "fifo" ? "pipe" : "device"}, which no WebAssembly image may hold`);
  }
  layer.own.add(path);
}

async function writeFile(path: string, entry: TarEntry): Promise<void> {
  const executable = (entry.mode & 0o111) !== 0;
  // `wx`: whatever is at the path by now, it is not written through.
  const file = await open(path, "wx", 0o644);
  try {
    for await (const chunk of entry.content) await file.appendFile(chunk);
    await file.utimes(entry.mtime, entry.mtime);
  } finally {
    await file.close();
  }
  await chmod(path, executable ? 0o755 : 0o644);
}

async function hardLink(
  path: string,
  entry: TarEntry,
  layer: Layer,
  refuse: (why: string) => Error,
): Promise<void> {
  const parts = entry.linkname.split("/").filter((part) => part !== "" && part !== ".");
  const name = parts.pop();
  if (name === undefined || name === ".." || parts.includes(".."))
    throw refuse("is a hard link that leads out of the file system");
  const parent = await resolveInTree(layer.root, parts.join("/"));
  const target = parent === undefined ? undefined : join(parent, name);
  const found = target === undefined ? undefined : await entryAt(target);
  if (target === undefined || found === undefined || !(found.isFile() || found.isSymbolicLink())) {
    throw refuse(`is a hard link to ${shown(entry.linkname)}, which is no file of the image`);
  }
  await link(target, path);
}

async function makeParents(parent: string, layer: Layer, refuse: (why: string) => Error): Promise<void> {
  const missing: string[] = [];
  for (let at = parent; at !== layer.root; at = dirname(at)) {
    const found = await entryAt(at);
    if (found?.isDirectory() === true) break;
    if (found !== undefined)
      throw refuse(`is below ${shown(relative(layer.root, at))}, which is no directory`);
    missing.push(at);
  }
  for (const directory of missing.toReversed()) {
    layer.budget.spendEntry();
    await mkdir(directory, 0o755);
  }
}

async function whiteOut(
  parent: string,
  name: string,
  layer: Layer,
  refuse: (why: string) => Error,
): Promise<void> {
  if (name === OPAQUE) {
    await clearLower(parent, layer);
    return;
  }
  if (name.startsWith(".wh..wh.")) return; // Bookkeeping of AUFS.
  const hidden = name.slice(WHITEOUT.length);
  if (hidden === "" || hidden === "." || hidden === "..") throw refuse("hides no name");
  const path = join(parent, hidden);
  if (basename(path) !== hidden || layer.own.has(path)) return;
  if ((await entryAt(path)) !== undefined) await rm(path, { recursive: true, force: true });
}

/** Removes from a directory what lower layers put there. */
async function clearLower(directory: string, layer: Layer): Promise<void> {
  const found = await entryAt(directory);
  if (found?.isDirectory() !== true) return;
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!layer.own.has(path)) await rm(path, { recursive: true, force: true });
    else if ((await entryAt(path))?.isDirectory() === true) await clearLower(path, layer);
  }
}

const shown = (name: string): string => JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
