import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";
import type { EnsuredImage, ImageStore, WasmImage } from "@krustlet/interface";
import { wasmKindOf } from "@krustlet/wasm-binary";

import { openRegularFile, requireRegularFile } from "./open-regular-file.ts";
import { reasonOf } from "./run-options.ts";

/** The engine takes no module of more. */
const MAX_MODULE_BYTES = 2 ** 30;
const SMALL_MODULE_BYTES = 2 ** 18;

/** Whether a container's `image` is a file: it begins with `./`, `../` or `/`, which no reference does. */
export function isModulePath(image: string): boolean {
  return /^\.{0,2}\//u.test(image);
}

/** The absolute path of such an image, of a manifest in `directory`. */
export function modulePathOf(image: string, directory: string): string {
  return resolve(directory, image);
}

/**
 * The image of a `.wasm` file, used where it is.
 * @throws KrustletError `ImageNotFound` where it cannot be read, `InvalidModule` where it is no WebAssembly.
 */
export async function readModuleFile(path: string): Promise<WasmImage> {
  let bytes: Buffer;
  try {
    bytes = readSmall(path) ?? (await readLarge(path));
  } catch (cause) {
    throw new KrustletError("ImageNotFound", `${path} cannot be read: ${reasonOf(cause)}`, { cause });
  }
  const kind = wasmKindOf(bytes);
  if (kind === undefined) {
    const why =
      bytes.length < 8 ? `it has only ${bytes.length} bytes` : "its first bytes are those of something else";
    throw new KrustletError("InvalidModule", `${path} is not WebAssembly: ${why}`);
  }
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const size = bytes.length;
  return { reference: path, imageID: digest, kind, module: { digest, path, size }, config: {}, size };
}

/** At once: the way to another thread and back, several times, takes longer. Undefined for a larger one. */
function readSmall(path: string): Buffer | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(fd);
    requireRegularFile(found);
    if (found.size > SMALL_MODULE_BYTES) return undefined;
    const bytes = Buffer.alloc(found.size);
    return bytes.subarray(0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

async function readLarge(path: string): Promise<Buffer> {
  await using file = await openRegularFile(path);
  if ((await file.stat()).size > MAX_MODULE_BYTES) throw new Error("it is larger than a gigabyte");
  return await file.readFile();
}

/** An image store that also knows absolute paths of `.wasm` files; `open` is called by the first real image. */
export function withModuleFiles(open: () => Promise<ImageStore>): ImageStore {
  let opened: Promise<ImageStore> | undefined;
  const store = (): Promise<ImageStore> => (opened ??= open());
  return {
    ensure: async (reference, options): Promise<EnsuredImage> =>
      isAbsolute(reference)
        ? { image: await readModuleFile(reference), pulled: false, duration: 0 }
        : (await store()).ensure(reference, options),
    list: async () => (await store()).list(),
    remove: async (reference) => (await store()).remove(reference),
  };
}
