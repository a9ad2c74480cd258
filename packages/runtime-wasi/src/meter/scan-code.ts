import { KrustletError } from "@krustlet/interface";
import { ByteReader, functionNamesOf } from "@krustlet/wasm-binary";
import type { ScannedCode } from "./call-costs.ts";
import { longCompileCost, mostCompileCosts } from "./compile-cost.ts";
import { FunctionEvents } from "./function-events.ts";
import { aritiesOf } from "./instruction-costs.ts";
import { sectionOf } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";
import { scanFunction } from "./scan-function.ts";
import type { ScannedFunction } from "./scan-function.ts";

/** Characters of a name in an error. */
const longestToldName = 200;

/** How many functions a module imports: the index of its first own one. */
function importedFunctionCount({ module }: ModuleSource): number {
  return module.imports.filter(({ type }) => type.kind === "function").length;
}

/**
 * Scans the code of all functions.
 * @throws KrustletError `InvalidModule`, `UnsupportedModule` (naming the function and the opcode).
 */
export function scanCode(source: ModuleSource): ScannedCode {
  const { bytes, module } = source;
  const importedFunctions = importedFunctionCount(source);
  const events = new FunctionEvents();
  const functions: ScannedFunction[] = [];
  const arities = aritiesOf(source);
  let compileCosts = 0;
  const count = module.codeCount;
  const firstEvents = new Uint32Array(count + 1);
  const section = sectionOf(module, 10);
  if (section !== undefined) {
    const reader = new ByteReader(bytes, section.offset, section.end);
    reader.u32();
    for (let position = 0; position < count; position++) {
      const size = reader.u32();
      const start = reader.offset;
      reader.take(size, "a function body");
      const describe = (): string => {
        const index = importedFunctions + position;
        const name = functionNamesOf(bytes, module.sections).get(index);
        return name === undefined ? String(index) : `${index} (${name.slice(0, longestToldName)})`;
      };
      firstEvents[position] = events.length;
      const type = module.functions[position] ?? -1;
      const scanned = scanFunction(bytes, start, start + size, events, arities, type, describe);
      functions.push(scanned);
      if (scanned.compileCost > longCompileCost) compileCosts += scanned.compileCost;
      if (compileCosts > mostCompileCosts) {
        throw new KrustletError(
          "UnsupportedModule",
          "The module's functions would take the engine too long to compile: too many of them have many locals, blocks and branches.",
        );
      }
    }
  }
  firstEvents[count] = events.length;
  return { functions, events, firstEvents, importedFunctions };
}
