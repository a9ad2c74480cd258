import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { KrustletError } from "@krustlet/interface";
import type { WasmImage } from "@krustlet/interface";
import { wasmKindOf } from "@krustlet/wasm-binary";
import type { ContentInit } from "./content.ts";
import { diskError } from "./durable-file.ts";
import { blobPathOf } from "./layout.ts";

const MAX_MODULE = 1 << 30;

/**
 * The image of a `.wasm` file of the user's. Its bytes are read once, hashed, and kept under their digest (the second
 * time they are there already), so the file may change or go while its containers run.
 * @throws KrustletError `ImageNotFound` (no such file), `InvalidModule`, `NoSpace`.
 */
export async function importFile(path: string, init: ContentInit): Promise<WasmImage> {
  const { layout, workspace, verifier, lease } = init;
  const bytes = await readModule(path);
  const kind = wasmKindOf(bytes);
  if (kind === undefined) {
    const why = bytes.length === 0 ? "it is empty" : "it does not begin as one does";
    throw new KrustletError("InvalidModule", `${path} is no WebAssembly module: ${why}`);
  }
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const kept = blobPathOf(layout, digest);
  await lease.hold([digest]);
  // To compare is cheaper than to hash, and start time counts here.
  const here = await readFile(kept).catch(() => undefined);
  if (here?.equals(bytes) !== true) {
    const temporary = workspace.fresh("import");
    try {
      await mkdir(dirname(kept), { recursive: true });
      // No fsync: the next import makes it again, and verifies it first.
      await writeFile(temporary, bytes, { mode: 0o600 });
      await rename(temporary, kept);
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskError(error, layout.root);
    }
  }
  await verifier.trust(kept);
  const module = { digest, path: kept, size: bytes.length };
  return { reference: path, imageID: digest, kind, module, config: {}, size: bytes.length };
}

async function readModule(path: string): Promise<Buffer> {
  const fail = (why: string, cause?: unknown): KrustletError =>
    new KrustletError("ImageNotFound", `${path} cannot be run: ${why}`, { cause });
  // Without waiting: the open itself would wait for a pipe's other end.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(resolve(path), flags).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === "ENOENT" ? fail("there is no such file", cause) : fail(cause.message, cause);
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw fail("it is no regular file");
    if (found.size > MAX_MODULE)
      throw new KrustletError("InvalidModule", `${path} is larger than a gigabyte`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
