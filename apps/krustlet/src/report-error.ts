import { isKrustletError } from "@krustlet/interface";

import { EXIT_CANNOT_RUN, EXIT_REFUSED, EXIT_USAGE } from "./exit-status.ts";
import { plainText } from "./terminal/plain-text.ts";

/** `krustlet: <one sentence>`, a line for each where there are several; with `verbose` also its causes and stacks. */
export function errorText(error: unknown, verbose: boolean): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const text = lines.map((line) => `krustlet: ${plainText(line.trim())}\n`).join("");
  return verbose ? text + traceOf(error) : text;
}

/** The exit code of a command that ended with `error`. */
export function exitCodeOfError(error: unknown): number {
  if (!isKrustletError(error)) return EXIT_REFUSED;
  switch (error.code) {
    case "InvalidUsage":
      return EXIT_USAGE;
    case "InvalidModule":
    case "UnsupportedModule":
    case "MissingImport":
      return EXIT_CANNOT_RUN;
    default:
      return EXIT_REFUSED;
  }
}

function traceOf(error: unknown): string {
  const lines: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1) {
    const code = isKrustletError(at) ? ` [${at.code}]` : "";
    const trace = (at.stack ?? at.message).split("\n").map(plainText).join("\n");
    lines.push(`${depth === 0 ? "" : "caused by: "}${trace}${code}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
