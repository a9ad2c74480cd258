/**
 * `node tools/control-plane/src/bin/build.ts [program…]`: builds what is not there yet (default: the control plane) and
 * prints where each program lies.
 */
import type { ProgramName } from "../programs/go-modules.ts";
import { CONTROL_PLANE_PROGRAMS, GO_MODULES } from "../programs/go-modules.ts";
import { findPrograms } from "../programs/find-programs.ts";

const known = GO_MODULES.flatMap(({ programs }) => Object.keys(programs));
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !known.includes(name));
if (unknown === undefined) {
  const names = asked.length === 0 ? CONTROL_PLANE_PROGRAMS : (asked as ProgramName[]);
  try {
    const files = await findPrograms<ProgramName>(names, {
      report: (line) => process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${Object.values(files).join("\n")}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
} else {
  process.stderr.write(`There is no program ${unknown}; there are ${known.join(", ")}.\n`);
  process.exitCode = 2;
}
