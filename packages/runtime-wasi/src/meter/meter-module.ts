import { parseModule } from "@krustlet/wasm-binary";
import { arrayLimitName, arrayLimitsOf } from "./array-limits.ts";
import { AppendedFunctions, lebOf } from "./append-functions.ts";
import { branchHintSection } from "./branch-hints.ts";
import { ByteWriter } from "./byte-writer.ts";
import { buildCodeSection } from "./code-section.ts";
import { longCompileCost } from "./compile-cost.ts";
import { eventKinds } from "./function-events.ts";
import { guestMemoryOf, meterMemoryOf } from "./guest-memory.ts";
import { canKeepObjects } from "./heap-use.ts";
import { buildArrayLength, buildMemoryCopy, buildMemoryFill, buildMemoryGrow } from "./memory-functions.ts";
import type { MeteredModule, MeterOptions } from "./metered-module.ts";
import { buildNameSection } from "./name-section.ts";
import { appendToSection, rebuildModule, sectionOf } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";
import { scanCode } from "./scan-code.ts";
import { startsSlowly } from "./start-cost.ts";
import { buildTableSection } from "./table-section.ts";
import { unusedName } from "./unused-names.ts";

/** How many tables or globals a module has, imported ones included: the index of one that is appended. */
function countOf({ module }: ModuleSource, kind: "table" | "global"): number {
  const defined = kind === "table" ? module.tableCount : module.globalCount;
  return module.imports.filter(({ type }) => type.kind === kind).length + defined;
}

/** The check: a plain load of the flag, and an unlikely call of `yieldCall`. */
function checkCode(memoryIndex: number, epochOffset: number, yieldCall: ArrayLike<number>): Uint8Array {
  const load = new ByteWriter(32).append([0x41, 0x00, 0x28, 0x42]).u32(memoryIndex).u32(epochOffset);
  return load.append([0x04, 0x40]).append(yieldCall).u8(0x0b).view().slice();
}

/**
 * Rewrites a core module so that its host can interrupt it: while an `i32` in a shared one-page memory is not 0,
 * every loop and every cycle of calls soon calls slot 0 of a table. Its memory becomes an import, its start function
 * an export, and refused `memory.grow`s are counted. Nothing is renumbered; names for backtraces stay right.
 *
 * Validate `bytes` with the engine **before**: the rewritten module has more indices than the original, and only
 * validation keeps a guest from using them.
 *
 * @throws RangeError for a wrong `epochOffset`.
 * @throws KrustletError `InvalidModule`, or `UnsupportedModule`: an unknown opcode, several or shared memories, a
 * wait for another thread, tables with more than a million entries.
 */
export function meterModule(bytes: Uint8Array, options: MeterOptions = {}): MeteredModule {
  const offset = options.epochOffset ?? 0;
  if (!Number.isInteger(offset / 4) || offset < 0 || offset >= 65_536) {
    throw new RangeError(`epochOffset is ${offset}; it must be a multiple of 4 below 65536`);
  }
  const source: ModuleSource = { bytes, module: parseModule(bytes) };
  const { module } = source;
  const memory = guestMemoryOf(source);
  const scanned = scanCode(source);
  const importModule = unusedName("krustlet", new Set(module.imports.map((entry) => entry.module)));
  const exportNames = new Set(module.exports.map(({ name }) => name));
  const yieldTable = unusedName("krustlet.yield", exportNames);

  const appended = new AppendedFunctions(source, scanned.importedFunctions);
  const tableIndex = lebOf(countOf(source, "table"));
  const yieldBody = [0, 0x41, 0, 0x11, ...lebOf(appended.nextType), ...tableIndex, 0x0b];
  const yieldCall = appended.add("krustlet.yield", { params: [], results: [], body: yieldBody });
  const checkBytes = checkCode(memory === undefined ? 0 : 1, offset, yieldCall);
  // The `if` stands before its block type, the call and the end.
  const check = { code: checkBytes, hintAt: checkBytes.length - yieldCall.length - 3 };
  const uses = (kind: number): boolean =>
    memory !== undefined && scanned.events.kinds.subarray(0, scanned.events.length).includes(kind);
  const is64 = memory?.limits.is64 === true;
  const exports = [[...new ByteWriter().name(yieldTable).view(), 1, ...tableIndex]];
  const changes = new Map<number, Uint8Array | undefined>();

  let growRefused: string | undefined;
  let memoryGrow: Uint8Array | undefined;
  if (uses(eventKinds.memoryGrow)) {
    growRefused = unusedName("krustlet.grow-refused", exportNames);
    const global = lebOf(countOf(source, "global"));
    memoryGrow = appended.add("memory.grow", buildMemoryGrow(is64, global));
    exports.push([...new ByteWriter().name(growRefused).view(), 3, ...global]);
    changes.set(6, appendToSection(source, 6, [[0x7f, 1, 0x41, 0, 0x0b]]));
  }
  const checkList = [...checkBytes];
  const memoryFill = uses(eventKinds.memoryFill)
    ? appended.add("memory.fill", buildMemoryFill(is64, checkList))
    : undefined;
  const memoryCopy = uses(eventKinds.memoryCopy)
    ? appended.add("memory.copy", buildMemoryCopy(is64, checkList))
    : undefined;
  const arrayLength = scanned.events.kinds.subarray(0, scanned.events.length).includes(eventKinds.array)
    ? { call: appended.add(arrayLimitName, buildArrayLength()), most: arrayLimitsOf(source) }
    : undefined;
  let startExport: string | undefined;
  if (module.start !== undefined) {
    startExport = unusedName("krustlet.start", exportNames);
    exports.push([...new ByteWriter().name(startExport).view(), 0, ...lebOf(module.start)]);
    changes.set(8, undefined);
  }

  const imports: Uint8Array[] = [];
  const addMemoryImport = (name: string, limits: Uint8Array): void => {
    imports.push(new ByteWriter().name(importModule).name(name).u8(2).append(limits).view());
  };
  if (memory !== undefined && memory.imported === undefined) {
    const { limits } = memory;
    const writer = new ByteWriter().u8((is64 ? 4 : 0) | (limits.maximum === undefined ? 0 : 1));
    writer.u32(limits.minimum);
    if (limits.maximum !== undefined) writer.u32(limits.maximum);
    addMemoryImport("memory", writer.view());
    changes.set(5, undefined);
  }
  addMemoryImport("epoch", Uint8Array.from([3, 1, 1]));

  const replacements = {
    check,
    ...(memoryGrow === undefined ? {} : { memoryGrow }),
    ...(memoryFill === undefined ? {} : { memoryFill }),
    ...(memoryCopy === undefined ? {} : { memoryCopy }),
    ...(arrayLength === undefined ? {} : { arrayLength }),
  };
  const { code, hints } = buildCodeSection(source, scanned, replacements, appended.bodies);
  const tables = sectionOf(module, 4);
  changes
    .set(1, appended.typeSection())
    .set(2, appendToSection(source, 2, imports))
    .set(3, appended.functionSection())
    .set(4, buildTableSection(tables === undefined ? undefined : { bytes, ...tables }, [[0x70, 1, 1, 1]]))
    .set(7, appendToSection(source, 7, exports))
    .set(10, code);
  const name = buildNameSection(source, appended.names);
  const rewritten = rebuildModule(source, changes, {
    name,
    ...(hints === undefined ? {} : { beforeCode: [branchHintSection, hints] }),
  });
  const from = memory?.imported;
  return {
    bytes: rewritten,
    importModule,
    ...(memory === undefined
      ? {}
      : { memory: meterMemoryOf(memory, from?.module ?? importModule, from?.name ?? "memory") }),
    epoch: { importModule, importName: "epoch", offset },
    yieldTable,
    ...(startExport === undefined ? {} : { startExport }),
    ...(growRefused === undefined ? {} : { growRefused }),
    holdsThread:
      scanned.functions.some(({ compileCost }) => compileCost > longCompileCost) || startsSlowly(source),
    allocatesOnHostHeap: scanned.functions.some(({ allocates }) => allocates) || canKeepObjects(source),
  };
}
