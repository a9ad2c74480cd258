import { stat } from "node:fs/promises";

import { KrustletError } from "@krustlet/interface";
import type { ImageStore, WasmImage } from "@krustlet/interface";

import { readModuleFile } from "../local-modules.ts";

/** What Krustlet's images of this machine's disk begin with: `fs//absolute/path.wasm`. */
const PREFIX = "fs/";
/** Files that are remembered: a node runs few modules, many times each. */
const MOST_KNOWN = 256;
/** A file that was changed so lately may be changed again without a sign of it: clocks of file systems are coarse. */
const SETTLED_MS = 1000;

/**
 * An image store that also knows `fs//absolute/path.wasm`. Where the node's owner does not allow these, `ensure` refuses
 * them with `InvalidReference` and looks at no file.
 */
export function withLocalModules(images: ImageStore, allowed: boolean): ImageStore {
  const known = new Map<string, { readonly mark: string; readonly image: WasmImage }>();
  const imageAt = async (path: string): Promise<WasmImage> => {
    const mark = await markOf(path);
    const before = known.get(path);
    if (mark !== undefined && before?.mark === mark) return before.image;
    const image = await readModuleFile(path);
    known.delete(path);
    if (mark !== undefined) known.set(path, { mark, image });
    for (const oldest of known.keys()) {
      if (known.size <= MOST_KNOWN) break;
      known.delete(oldest);
    }
    return image;
  };
  return {
    ensure: async (reference, options) => {
      if (!reference.startsWith(`${PREFIX}/`)) return images.ensure(reference, options);
      if (!allowed) {
        const sentence = `${reference}: this node runs no modules of its own disk (--x-allow-local-modules)`;
        throw new KrustletError("InvalidReference", sentence);
      }
      return { image: await imageAt(reference.slice(PREFIX.length)), pulled: false, duration: 0 };
    },
    list: () => images.list(),
    remove: (reference) => images.remove(reference),
  };
}

/** What tells a file's content from what it was, without reading it; undefined where nothing does. */
async function markOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined || Date.now() - Number(found.ctimeMs) < SETTLED_MS) return undefined;
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(":");
}
