import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";

import type { CodeCache } from "./code-cache.ts";

/** A file of the build that was evaluated. */
export interface Bundle {
  readonly exports: unknown;
  /** Keeps what was compiled so far for the next start, unless this one had it already. */
  keepCode(): void;
}

type Evaluate = (
  exports: unknown,
  require: NodeJS.Require,
  module: { readonly exports: unknown },
  filename: string,
  dirname: string,
  importMetaUrl: string,
) => void;

/**
 * Evaluates a bundle (CommonJS, ASCII, its first line a comment that tells its content from any other's) with compiled
 * code from `cache`. Unlike Node's own cache of compiled code, that of `purpose` has the functions that a whole run for
 * that purpose has called, which are most of what there is to compile.
 */
export function loadBundle(file: string, cache: CodeCache | undefined, purpose: string): Bundle {
  const code = readFileSync(file, "latin1");
  const content = code.slice(2, code.indexOf("\n"));
  const name = `${basename(file, ".cjs")}-${purpose}-${content}-${engineName()}`;
  const cachedData = cache?.read(name);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname, importMetaUrl) {${code}\n})`,
    { filename: file, cachedData, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
  );
  const module: { exports: unknown } = { exports: {} };
  const evaluate = script.runInThisContext() as Evaluate;
  evaluate(module.exports, createRequire(file), module, file, dirname(file), pathToFileURL(file).href);
  const isKept = cachedData !== undefined && script.cachedDataRejected !== true;
  let asked = false;
  return {
    exports: module.exports,
    keepCode: () => {
      if (!isKept && !asked) cache?.write(name, script.createCachedData());
      asked = true;
    },
  };
}

/** Compiled code is of one version of the engine with one set of options; it refuses any other. */
function engineName(): string {
  let options = 0;
  for (const char of [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" "))
    options = (Math.imul(options, 31) + (char.codePointAt(0) ?? 0)) | 0;
  return `${process.version}-${process.arch}-${(options >>> 0).toString(16)}`;
}
