import { KrustletError } from "@krustlet/interface";
import { parseModule } from "@krustlet/wasm-binary";
import { arrayLimitName, arrayLimitsOf } from "./array-limits.ts";
import { AppendedFunctions, lebOf } from "./append-functions.ts";
import { branchHintSection } from "./branch-hints.ts";
import { ByteWriter } from "./byte-writer.ts";
import { buildCodeSection } from "./code-section.ts";
import { eventKinds } from "./function-events.ts";
import { guestMemoryOf, meterMemoryOf } from "./guest-memory.ts";
import { buildArrayLength, buildMemoryGrow } from "./memory-functions.ts";
import { canKeepObjects } from "./heap-use.ts";
import type { LimitedModule } from "./metered-module.ts";
import { buildNameSection } from "./name-section.ts";
import { appendToSection, rebuildModule } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";
import { scanCode } from "./scan-code.ts";
import { unusedName } from "./unused-names.ts";

/**
 * Lowers the maximum of a module's memory to `maxPages` (never raises it), counts refused `memory.grow`s, and bounds
 * arrays. For a
 * module on a thread of its own: nothing is metered. The start function stays, and so does every index.
 * Validate `bytes` with the engine before, as for {@link meterModule}.
 * @throws KrustletError `StartFailed` when the module begins with more pages than that; `InvalidModule`;
 * `UnsupportedModule` as {@link meterModule}, except for tables.
 */
export function limitModule(bytes: Uint8Array, maxPages: number): LimitedModule {
  const source: ModuleSource = { bytes, module: parseModule(bytes) };
  const { module } = source;
  const memory = guestMemoryOf(source);
  const changes = new Map<number, Uint8Array>();
  if (memory !== undefined) {
    const { minimum, maximum, is64 } = memory.limits;
    if (minimum > maxPages) {
      const message = `The module begins with ${minimum} pages of memory (64 KiB each), and its limit is ${maxPages}.`;
      throw new KrustletError("StartFailed", message);
    }
    if (memory.imported === undefined) {
      const limits = new ByteWriter().append([1, is64 ? 5 : 1]).u32(minimum);
      changes.set(5, limits.u32(Math.min(maximum ?? maxPages, maxPages)).view());
    }
  }
  const imported = memory?.imported;
  const origin =
    memory === undefined || imported === undefined
      ? {}
      : { memory: meterMemoryOf(memory, imported.module, imported.name) };
  canKeepObjects(source);
  const scanned = scanCode(source);
  const uses = (kind: number): boolean =>
    scanned.events.kinds.subarray(0, scanned.events.length).includes(kind);
  const growRefused = uses(eventKinds.memoryGrow)
    ? unusedName("krustlet.grow-refused", new Set(module.exports.map(({ name }) => name)))
    : undefined;
  const makesArrays = uses(eventKinds.array);
  if (growRefused === undefined && !makesArrays) {
    const hasNames = module.sections.some(({ name }) => name === "name");
    if (changes.size === 0 && !hasNames) return { bytes: Uint8Array.from(bytes), ...origin };
    return {
      bytes: rebuildModule(source, changes, { name: buildNameSection(source, new Map()) }),
      ...origin,
    };
  }
  const appended = new AppendedFunctions(source, scanned.importedFunctions);
  const arrayLength = makesArrays
    ? { call: appended.add(arrayLimitName, buildArrayLength()), most: arrayLimitsOf(source) }
    : undefined;
  let memoryGrow: Uint8Array | undefined;
  if (growRefused !== undefined) {
    const importedGlobals = module.imports.filter(({ type }) => type.kind === "global").length;
    const global = lebOf(importedGlobals + module.globalCount);
    memoryGrow = appended.add("memory.grow", buildMemoryGrow(memory?.limits.is64 === true, global));
    const exported = [...new ByteWriter().name(growRefused).view(), 3, ...global];
    changes
      .set(6, appendToSection(source, 6, [[0x7f, 1, 0x41, 0, 0x0b]]))
      .set(7, appendToSection(source, 7, [exported]));
  }
  const replacements = {
    ...(memoryGrow === undefined ? {} : { memoryGrow }),
    ...(arrayLength === undefined ? {} : { arrayLength }),
  };
  const { code, hints } = buildCodeSection(source, scanned, replacements, appended.bodies);
  changes.set(1, appended.typeSection()).set(3, appended.functionSection()).set(10, code);
  const rewritten = rebuildModule(source, changes, {
    name: buildNameSection(source, appended.names),
    ...(hints === undefined ? {} : { beforeCode: [branchHintSection, hints] }),
  });
  return { bytes: rewritten, ...(growRefused === undefined ? {} : { growRefused }), ...origin };
}
