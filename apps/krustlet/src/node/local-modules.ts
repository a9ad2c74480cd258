import { KrustletError } from "@krustlet/interface";
import type { ImageStore } from "@krustlet/interface";

import { readModuleFile } from "../local-modules.ts";

/** What Krustlet's images of this machine's disk begin with: `fs//absolute/path.wasm`. */
const PREFIX = "fs/";

/**
 * An image store that also knows `fs//absolute/path.wasm`. Where the node's owner does not allow these, `ensure` refuses
 * them with `InvalidReference` and looks at no file.
 */
export function withLocalModules(images: ImageStore, allowed: boolean): ImageStore {
  return {
    ensure: async (reference, options) => {
      if (!reference.startsWith(`${PREFIX}/`)) return images.ensure(reference, options);
      if (!allowed) {
        const sentence = `${reference}: this node runs no modules of its own disk (--x-allow-local-modules)`;
        throw new KrustletError("InvalidReference", sentence);
      }
      return { image: await readModuleFile(reference.slice(PREFIX.length)), pulled: false, duration: 0 };
    },
    list: () => images.list(),
    remove: (reference) => images.remove(reference),
  };
}
