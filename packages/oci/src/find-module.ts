import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { KrustletError } from "@krustlet/interface";
import type { ImageConfig } from "@krustlet/interface";
import { entryAt, resolveInTree } from "./tree-path.ts";

/** As Linux has it. */
const MAX_PATH = 4096;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The file of the module that an image runs: the first word of its entrypoint and command, which may end in `#_start`
 * (runwasi's rule), looked up in the working directory, `/` and the image's `PATH`; else the only `*.wasm` in `/`.
 * @throws KrustletError `UnsupportedArtifact` that says what is missing.
 */
export async function findModule(root: string, config: ImageConfig, subject: string): Promise<string> {
  const refuse = (why: string): KrustletError =>
    new KrustletError("UnsupportedArtifact", `${subject} ${why}`);
  const [first] = [...(config.entrypoint ?? []), ...(config.command ?? [])];
  if (first === undefined || first === "") {
    const modules = (await readdir(root)).filter((name) => name.endsWith(".wasm"));
    const [only] = modules;
    if (only === undefined || modules.length > 1)
      throw refuse("names no entrypoint, and / does not hold exactly one .wasm file");
    return fileAt(root, only, refuse, only);
  }
  const hash = first.indexOf("#");
  const path = hash === -1 ? first : first.slice(0, hash);
  const start = hash === -1 ? "_start" : first.slice(hash + 1);
  if (start !== "_start" && start !== "") {
    throw refuse(`starts at the export ${JSON.stringify(start.slice(0, 80))}; only _start can be run`);
  }
  const workingDir = config.workingDir ?? "/";
  if (path.length > MAX_PATH || workingDir.length > MAX_PATH)
    throw refuse("has an entrypoint with too long a path");
  const search = path.includes("/") ? [workingDir, "/"] : [workingDir, "/", ...pathOf(config)];
  for (const directory of path.startsWith("/") ? [""] : search) {
    const found = await resolveInTree(root, `${directory}/${path}`);
    if (found !== undefined && (await entryAt(found))?.isFile() === true) return found;
  }
  throw refuse(`has the entrypoint ${JSON.stringify(first.slice(0, 120))}, but no such file`);
}

function pathOf(config: ImageConfig): readonly string[] {
  const entry = config.env?.find((item) => item.startsWith("PATH="))?.slice("PATH=".length) ?? DEFAULT_PATH;
  return entry
    .split(":")
    .filter((directory) => directory.startsWith("/") && directory.length <= MAX_PATH)
    .slice(0, 64);
}

async function fileAt(
  root: string,
  name: string,
  refuse: (why: string) => Error,
  shown: string,
): Promise<string> {
  const found = await resolveInTree(root, name);
  if (found !== undefined && (await entryAt(found))?.isFile() === true) return found;
  throw refuse(`has ${JSON.stringify(join("/", shown))}, which is no file`);
}
