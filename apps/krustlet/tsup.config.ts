import { createHash } from "node:crypto";
import { builtinModules, createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

import { defineConfig } from "tsup";
import type { Options } from "tsup";

const require = createRequire(import.meta.url);

/**
 * Node's own modules, each loaded when something of it is used for the first time. A plain import of the bundle would
 * load all of them, and make an ES module's face for each, before the bundle's first line.
 */
const lazyBuiltins: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "lazy-builtins",
  setup: (build) => {
    const filter = new RegExp(`^(?:node:.*|${builtinModules.join("|")})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: "builtin" }));
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => {
      const builtin = `process.getBuiltinModule(${JSON.stringify(path)})`;
      const value: unknown = require(path);
      // A function, a class or an object with a class (events, stream, process) cannot stand behind getters.
      if (!isPlain(value)) return { contents: `module.exports = ${builtin}` };
      const getters = Object.keys(value).map(
        (name) => `get ${JSON.stringify(name)}() { return ${builtin}[${JSON.stringify(name)}] }`,
      );
      return { contents: `module.exports = { ${getters.join(", ")} }` };
    });
  },
};

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * Puts a line before each file that tells its content from any other's, which names the compiled code that is kept of it;
 * and leaves nothing but ASCII, so that it can be read without being decoded: esbuild escapes all but regular expressions.
 */
const contentName: NonNullable<Options["plugins"]>[number] = {
  name: "content-name",
  renderChunk: (text) => {
    const code = text.replaceAll(
      /[\u0080-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return { code: `//${createHash("sha256").update(code).digest("hex").slice(0, 16)}\n${code}` };
  },
};

/**
 * What `krustlet node` needs is a file of its own, and so is what `krustlet bootstrap` needs, so that no other command
 * reads it: the source imports it dynamically, and the bundle's import stays one.
 */
const ownFiles: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "own-files",
  setup: (build) => {
    build.onResolve({ filter: /\/commands\/(?:node|bootstrap)\.ts$/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${basename(path, ".ts")}.mjs`, external: true } : undefined,
    );
  },
};

const COMMON: Options = {
  target: "node24",
  splitting: false,
  dts: false,
  sourcemap: false,
  minify: true,
  // What has native parts, or is large and rarely needed.
  noExternal: [/^(?!koffi|undici|pino|@grpc|@wasmer|@kubernetes)/u],
  external: [
    "koffi",
    "undici",
    "pino",
    "@grpc/grpc-js",
    "@grpc/proto-loader",
    "@kubernetes/client-node",
    "@wasmer/wasi",
    "@wasmer/wasmfs",
  ],
  removeNodeProtocol: false,
  esbuildPlugins: [lazyBuiltins, ownFiles],
};

const esbuildOptions: Options["esbuildOptions"] = (options) => {
  options.conditions = ["@krustlet/source", "module", "node", "import"];
  // What it exports to Node is CommonJS, which no bundler can shake.
  options.alias = { rxjs: join(dirname(require.resolve("rxjs/package.json")), "dist/esm/index.js") };
  options.legalComments = "none";
};

/**
 * One file with everything that `krustlet run` may need: a process that runs a small module is over in a few dozen
 * milliseconds, and each file of a start costs one. What is imported dynamically is evaluated when it is needed. The
 * runtimes' threads start from files of their own.
 */
export default defineConfig([
  {
    ...COMMON,
    entry: {
      start: "src/start.ts",
      main: "src/main.ts",
      thread: "src/thread.ts",
      worker: "src/worker.ts",
    },
    // Compiled code can be kept of scripts only.
    format: "cjs",
    outExtension: () => ({ js: ".cjs" }),
    clean: ["*.cjs"],
    plugins: [contentName],
    esbuildOptions: (options, context) => {
      esbuildOptions(options, context);
      options.charset = "ascii";
      // Node warns of `import()` in a script that was compiled by hand; `require` takes ES modules as well.
      options.supported = { "dynamic-import": false };
      options.define = { "import.meta.main": "false", "import.meta.url": "importMetaUrl" };
    },
  },
  {
    ...COMMON,
    // A thread of the runtime `wasmer` is started from its file, not by a loader that tells it where it lies.
    entry: {
      node: "src/commands/node.ts",
      bootstrap: "src/commands/bootstrap.ts",
      "wasmer-worker": "src/wasmer-worker.ts",
    },
    format: "esm",
    outExtension: () => ({ js: ".mjs" }),
    clean: ["*.mjs"],
    esbuildOptions,
  },
]);
