import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { defineConfig } from "tsup";

const require = createRequire(import.meta.url);

/**
 * One directory with everything but what has native parts: the rooms come from their sources, and whatever a plain
 * `run hello.wasm` does not need is in chunks of its own. The runtime's threads start from `worker.js`.
 */
export default defineConfig({
  entry: { main: "src/main.ts", worker: "src/worker.ts", "wasmer-worker": "src/wasmer-worker.ts" },
  format: "esm",
  target: "node24",
  splitting: true,
  dts: false,
  sourcemap: false,
  minify: true,
  clean: true,
  noExternal: [/^(?!koffi|undici|@wasmer)/u],
  external: ["koffi", "undici", "@wasmer/wasi", "@wasmer/wasmfs"],
  // For the CommonJS among what is bundled (yaml, undici), which asks for Node's own modules.
  banner: {
    js: 'import{createRequire as _createRequire}from"node:module";const require=_createRequire(import.meta.url);',
  },
  esbuildOptions: (options) => {
    options.conditions = ["@krustlet/source", "module", "node", "import"];
    // What it exports to Node is CommonJS, which no bundler can shake.
    options.alias = { rxjs: join(dirname(require.resolve("rxjs/package.json")), "dist/esm/index.js") };
    options.legalComments = "none";
    options.keepNames = true;
  },
});
