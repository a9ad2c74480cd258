import { isKrustletError } from "@krustlet/interface";

import { EXIT_CANNOT_RUN, EXIT_REFUSED, EXIT_USAGE } from "./exit-status.ts";

/** `krustlet: <one sentence>`, a line for each where there are several; with `verbose` also its causes and stacks. */
export function errorText(error: unknown, verbose: boolean): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const text = lines.map((line) => `krustlet: ${plain(line.trim())}\n`).join("");
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

/** Text of others (a registry, a manifest) without what would move the terminal's cursor. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it takes out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/gu, "�");
}

function traceOf(error: unknown): string {
  const lines: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1) {
    const code = isKrustletError(at) ? ` [${at.code}]` : "";
    lines.push(`${depth === 0 ? "" : "caused by: "}${at.stack ?? at.message}${code}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
