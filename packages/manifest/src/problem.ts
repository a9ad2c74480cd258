import { KrustletError } from "@krustlet/interface";
import type { ErrorCode } from "@krustlet/interface";

import { isObject } from "./document.ts";
import type { Json, ManifestDocument } from "./document.ts";

/** A way to a field: names and list indices from the document's root. */
export type FieldPath = readonly (string | number)[];

/** One thing that is wrong with a document. */
export interface Problem {
  readonly code: Extract<ErrorCode, "InvalidField" | "InvalidManifest" | "UnsupportedField">;
  readonly path: FieldPath;
  readonly message: string;
}

/** Takes what a check finds. */
export type Report = (path: FieldPath, message: string, code?: Problem["code"]) => void;

/** A field path as Kubernetes writes it: `spec.containers[0].env[2].valueFrom`, `metadata.labels[app]`. */
export function fieldPathText(path: FieldPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!/^[A-Za-z_$][\w$]*$/.test(part)) text += `[${printable(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** `text` cut to what fits in a message, with nothing in it that could confuse a terminal. */
export function printable(text: string, length = 60): string {
  const cut = text.length > length ? `${text.slice(0, length)}…` : text;
  return cut.toWellFormed().replaceAll(/[^\P{C}\u200d]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

const SHOWN = 10;

/** One error for all `problems` of `document`, the first ten of them a line each. */
export function problemsError(
  problems: readonly Problem[],
  document: ManifestDocument,
  source: string,
): KrustletError {
  const lines = problems.slice(0, SHOWN).map((problem) => {
    const field = fieldPathText(problem.path);
    return `${placeOf(problem.path, document, source)}: ${field === "" ? "" : `${field}: `}${problem.message}`;
  });
  if (problems.length > SHOWN) lines.push(`… and ${problems.length - SHOWN} more problems`);
  const unsupportedOnly = problems.every(({ code }) => code === "UnsupportedField");
  const code = unsupportedOnly
    ? "UnsupportedField"
    : (problems.find(({ code }) => code !== "UnsupportedField")?.code ?? "InvalidField");
  return new KrustletError(code, lines.join("\n"));
}

/** `pod.yaml, document 2, line 14`: the line of the nearest thing on the path that the file has. */
export function placeOf(path: FieldPath, document: ManifestDocument, source: string): string {
  let value: Json | undefined = document.value;
  let line = document.line;
  for (const part of path) {
    if (!isObject(value) && !Array.isArray(value)) break;
    line = document.positions.lineOf(value, part) ?? line;
    value = Array.isArray(value)
      ? value[Number(part)]
      : Object.hasOwn(value, part)
        ? value[part as string]
        : undefined;
  }
  return `${source}, document ${document.number}, line ${line}`;
}
