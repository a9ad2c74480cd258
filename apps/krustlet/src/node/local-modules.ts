import type { ImageStore } from "@krustlet/interface";

import { readModuleFile } from "../local-modules.ts";

/** What Krustlet's images of this machine's disk begin with: `fs//absolute/path.wasm`. */
const PREFIX = "fs/";

/** An image store that also knows `fs//absolute/path.wasm`: for nodes whose owner allows it. */
export function withLocalModules(images: ImageStore): ImageStore {
  return {
    ensure: async (reference, options) =>
      reference.startsWith(`${PREFIX}/`)
        ? { image: await readModuleFile(reference.slice(PREFIX.length)), pulled: false, duration: 0 }
        : images.ensure(reference, options),
    list: () => images.list(),
    remove: (reference) => images.remove(reference),
  };
}
