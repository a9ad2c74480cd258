import { KrustletError } from "@krustlet/interface";
import { branchHintSection, readBranchHints, writeBranchHints } from "./branch-hints.ts";
import { ByteWriter } from "./byte-writer.ts";
import { callCostsOf } from "./call-costs.ts";
import type { ScannedCode } from "./call-costs.ts";
import { emitFunction } from "./emit-function.ts";
import type { Replacements } from "./replacements.ts";
import type { ModuleSource } from "./rebuild-module.ts";
import { UnrollingRoom } from "./unrolling.ts";

/** V8's longest function body. */
const longestBody = 7_654_321;

/** A new code section, and the contents of the hint section that goes with it. */
export interface NewCode {
  readonly code: Uint8Array;
  readonly hints?: Uint8Array;
}

/** Writes all functions with their replacements, then `appended` bodies. */
export function buildCodeSection(
  { bytes, module }: ModuleSource,
  scanned: ScannedCode,
  replacements: Replacements,
  appended: readonly (readonly number[])[],
): NewCode {
  const costs = callCostsOf(scanned);
  const hintSection = module.sections.find(({ name }) => name === branchHintSection);
  const oldHints =
    hintSection === undefined ? undefined : readBranchHints(bytes, hintSection.offset, hintSection.end);
  const out = new ByteWriter(bytes.length + scanned.events.length * 4 + 1024);
  const hints = new ByteWriter();
  const codeSize = (scanned.functions.at(-1)?.end ?? 0) - (scanned.functions[0]?.start ?? 0);
  const init = { code: scanned, costs, bytes, out, replacements, room: new UnrollingRoom(codeSize) };
  let hinted = 0;
  out.u32(scanned.functions.length + appended.length);
  for (let position = 0; position < scanned.functions.length; position++) {
    const index = scanned.importedFunctions + position;
    const place = out.openSize();
    const kept = emitFunction(init, position, oldHints?.get(index));
    if (out.length - place > longestBody) {
      throw new KrustletError("UnsupportedModule", `Function ${index} is too long to be metered.`);
    }
    out.closeSize(place);
    if (kept.offsets.length === 0) continue;
    hinted++;
    writeBranchHints(hints, index, kept);
  }
  for (const body of appended) out.u32(body.length).append(body);
  if (hinted === 0) return { code: out.view() };
  return {
    code: out.view(),
    hints: new ByteWriter(hints.length + 5).u32(hinted).append(hints.view()).view(),
  };
}
