import { KrustletError } from "@krustlet/interface";
import { parseModule } from "@krustlet/wasm-binary";
import { AppendedFunctions, lebOf } from "./append-functions.ts";
import { branchHintSection } from "./branch-hints.ts";
import { ByteWriter } from "./byte-writer.ts";
import { buildCodeSection } from "./code-section.ts";
import { eventKinds } from "./function-events.ts";
import { guestMemoryOf, meterMemoryOf } from "./guest-memory.ts";
import { buildMemoryGrow } from "./memory-functions.ts";
import type { LimitedModule } from "./metered-module.ts";
import { buildNameSection } from "./name-section.ts";
import { appendToSection, rebuildModule } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";
import { scanCode } from "./scan-code.ts";
import { unusedName } from "./unused-names.ts";

/**
 * Lowers the maximum of a module's memory to `maxPages` (never raises it), and counts refused `memory.grow`s. For a
 * module on a thread of its own: nothing is metered. The start function stays, and so does every index.
 * Validate `bytes` with the engine before, as for {@link meterModule}.
 * @throws KrustletError `StartFailed` when the module begins with more pages than that; `InvalidModule`;
 * `UnsupportedModule` as {@link meterModule}, except for tables.
 */
export function limitModule(bytes: Uint8Array, maxPages: number): LimitedModule {
  const source: ModuleSource = { bytes, module: parseModule(bytes) };
  const { module } = source;
  const memory = guestMemoryOf(source);
  if (memory === undefined) return { bytes: Uint8Array.from(bytes) };
  const { minimum, maximum, is64 } = memory.limits;
  if (minimum > maxPages) {
    const message = `The module begins with ${minimum} pages of memory (64 KiB each), and its limit is ${maxPages}.`;
    throw new KrustletError("StartFailed", message);
  }
  const changes = new Map<number, Uint8Array>();
  if (memory.imported === undefined) {
    const limits = new ByteWriter().append([1, is64 ? 5 : 1]).u32(minimum);
    changes.set(5, limits.u32(Math.min(maximum ?? maxPages, maxPages)).view());
  }
  const imported = memory.imported;
  const origin =
    imported === undefined ? {} : { memory: meterMemoryOf(memory, imported.module, imported.name) };
  const scanned = scanCode(source);
  if (!scanned.events.kinds.subarray(0, scanned.events.length).includes(eventKinds.memoryGrow)) {
    return {
      bytes: rebuildModule(source, changes, { name: buildNameSection(source, new Map()) }),
      ...origin,
    };
  }
  const growRefused = unusedName("krustlet.grow-refused", new Set(module.exports.map(({ name }) => name)));
  const importedGlobals = module.imports.filter(({ type }) => type.kind === "global").length;
  const global = lebOf(importedGlobals + module.globalCount);
  const appended = new AppendedFunctions(source, scanned.importedFunctions);
  const memoryGrow = appended.add("memory.grow", buildMemoryGrow(is64, global));
  const { code, hints } = buildCodeSection(source, scanned, { memoryGrow }, appended.bodies);
  const exported = [...new ByteWriter().name(growRefused).view(), 3, ...global];
  changes
    .set(1, appended.typeSection())
    .set(3, appended.functionSection())
    .set(6, appendToSection(source, 6, [[0x7f, 1, 0x41, 0, 0x0b]]))
    .set(7, appendToSection(source, 7, [exported]))
    .set(10, code);
  const rewritten = rebuildModule(source, changes, {
    name: buildNameSection(source, appended.names),
    ...(hints === undefined ? {} : { beforeCode: [branchHintSection, hints] }),
  });
  return { bytes: rewritten, growRefused, ...origin };
}
