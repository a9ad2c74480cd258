import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";

import { requireRegularFile } from "./open-regular-file.ts";
import { reasonOf } from "./run-options.ts";

/** What the argument of `krustlet run` (or `inspect`) stands for; a manifest of the path `-` is stdin. */
export type RunTarget =
  | { readonly kind: "manifest"; readonly path: string }
  | { readonly kind: "module"; readonly path: string }
  | { readonly kind: "image"; readonly reference: string };

const MANIFEST_NAME = /\.(?:ya?ml|json)$/iu;
const WASM_MAGIC = Buffer.from("\0asm");

/**
 * What `what` stands for: `-` and YAML files are manifests, files that are there or look like files are modules, and
 * anything else names an image.
 * @throws KrustletError `InvalidUsage` for a URL, a directory, and a file that is not there or is neither.
 */
export function runTargetOf(what: string, cwd: string): RunTarget {
  if (what === "-") return { kind: "manifest", path: "-" };
  if (what === "")
    throw new KrustletError("InvalidUsage", "the name of a file or an image must not be empty");
  if (/^[a-z]+:\/\//iu.test(what)) {
    throw new KrustletError("InvalidUsage", `${what} is a URL; krustlet runs files and images of registries`);
  }
  const path = resolve(cwd, what);
  const head = readHead(path);
  if (head instanceof Buffer) {
    if (MANIFEST_NAME.test(what)) return { kind: "manifest", path };
    if (head.equals(WASM_MAGIC) || /\.wasm$/iu.test(what)) return { kind: "module", path };
    throw new KrustletError("InvalidModule", `${what} is neither a WebAssembly module nor a .yaml manifest`);
  }
  const isMissing = "code" in head && (head.code === "ENOENT" || head.code === "ENOTDIR");
  if (isMissing && !looksLikeFile(what)) return { kind: "image", reference: what };
  throw new KrustletError("InvalidUsage", `${what} cannot be read: ${reasonOf(head)}`, { cause: head });
}

/** Whether a name can only be meant as a file's. */
function looksLikeFile(what: string): boolean {
  return /^(?:\.{0,2}\/|~)/u.test(what) || MANIFEST_NAME.test(what) || /\.wasm$/iu.test(what);
}

/** Nothing runs yet that could be held up by it. */
function readHead(path: string): Buffer | Error {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      requireRegularFile(fstatSync(fd));
      const head = Buffer.alloc(4);
      return head.subarray(0, readSync(fd, head));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
