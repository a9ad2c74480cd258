import { readFile } from "node:fs/promises";

import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { WasmImage } from "@krustlet/interface";
import { describeWasm } from "@krustlet/wasm-binary";
import type { WasmDescription } from "@krustlet/wasm-binary";

import type { CommandContext } from "../command.ts";
import { composeImageStore, composeInitOf } from "../compose.ts";
import { readModuleFile } from "../local-modules.ts";
import { runTargetOf } from "../run-target.ts";
import { pullPrinter, silentPullPrinter } from "../terminal/pull-progress.ts";
import { tableOf } from "../terminal/table.ts";

/** `krustlet inspect <image | file>` */
export async function inspect(context: CommandContext): Promise<number> {
  const { host, line } = context;
  const [what, ...more] = line.positionals;
  if (what === undefined || more.length > 0) {
    throw new KrustletError("InvalidUsage", "krustlet inspect needs one image or file");
  }
  const target = runTargetOf(what, host.cwd);
  if (target.kind === "manifest") {
    throw new KrustletError(
      "InvalidUsage",
      `${what} is a manifest; krustlet inspect takes a module or an image`,
    );
  }
  const image =
    target.kind === "module" ? await readModuleFile(target.path) : await ensure(context, target.reference);
  const description = descriptionOf(what, await readFile(image.module.path));
  const json = line.text("output") === "json";
  await host.stdout.write(json ? jsonOf(what, image, description) : textOf(what, image, description));
  return 0;
}

function descriptionOf(what: string, bytes: Uint8Array): WasmDescription {
  try {
    return describeWasm(bytes);
  } catch (cause) {
    if (!isKrustletError(cause)) throw cause;
    throw new KrustletError(cause.code, `${what}: ${cause.message}`, { cause });
  }
}

async function ensure(context: CommandContext, reference: string): Promise<WasmImage> {
  const { host, line } = context;
  await using store = await composeImageStore(composeInitOf(context));
  const printer = line.flag("quiet") ? silentPullPrinter() : pullPrinter(host, () => performance.now());
  try {
    const ensured = await store.ensure(reference, { policy: "IfNotPresent", onProgress: printer.show });
    return ensured.image;
  } finally {
    await printer.finish();
  }
}

function jsonOf(what: string, image: WasmImage, description: WasmDescription): string {
  const { imageID, config, module } = image;
  return `${JSON.stringify({ reference: what, imageID, digest: module.digest, config, ...description }, undefined, 2)}\n`;
}

function textOf(what: string, image: WasmImage, description: WasmDescription): string {
  const { kind, size, functions, memories, customSections, imports, exports } = description;
  const facts: [string, string][] = [
    ["Reference:", what],
    ["Image:", image.imageID],
    ["Kind:", kind],
    ["Size:", `${size} bytes`],
    ["Digest:", image.module.digest],
  ];
  if (functions !== undefined) facts.push(["Functions:", String(functions)]);
  if (memories !== undefined && memories.length > 0) facts.push(["Memory:", memories.join("; ")]);
  if (customSections.length > 0) facts.push(["Sections:", customSections.join(" ")]);
  const imported = imports.map(({ module, name, kind: of, type = "" }) => [
    `  ${module === undefined ? name : `${module}.${name}`}`,
    of,
    type,
  ]);
  const exported = exports.map(({ name, kind: of, type = "" }) => [`  ${name}`, of, type]);
  return [
    tableOf(facts),
    `Imports: ${imports.length}\n`,
    tableOf(imported),
    `Exports: ${exports.length}\n`,
    tableOf(exported),
  ].join("");
}
