import { defineConfig } from "tsup";

/**
 * One directory with everything but what has native parts or is rarely needed: the rooms come from their sources, and
 * whatever a plain `run hello.wasm` does not need is in chunks of its own.
 */
export default defineConfig({
  entry: { main: "src/main.ts", worker: "src/worker.ts" },
  format: "esm",
  target: "node24",
  splitting: true,
  dts: false,
  sourcemap: false,
  minify: true,
  clean: true,
  noExternal: [/.*/u],
  external: ["koffi", "undici"],
  esbuildOptions: (options) => {
    options.conditions = ["@krustlet/source", "module", "node", "import"];
    options.legalComments = "none";
    options.keepNames = true;
  },
});
