import { fieldPathText } from "../problem.ts";
import type { FieldPath } from "../problem.ts";
import { applyFields } from "./apply-fields.ts";
import { POD_FIELDS } from "./pod-fields.ts";

const SHOWN = 5;

/**
 * Why a node cannot run `pod`, a Pod of the API server's: what it asks for that {@link POD_FIELDS} refuses there, in
 * one line; undefined where there is nothing. What the API server adds to Pods is never refused.
 */
export function refusalOf(pod: object): string | undefined {
  const refused: string[] = [];
  visit(pod, (path, why) => refused.push(`${fieldPathText(path)}: ${why}`));
  if (refused.length === 0) return undefined;
  const more = refused.length > SHOWN ? [`and ${refused.length - SHOWN} more`] : [];
  return [...refused.slice(0, SHOWN), ...more].join("; ");
}

/** What a Pod of the API server's asks for that a node does not do, and whose author may count on it: a line each. */
export function warningsOf(pod: object): readonly string[] {
  const warnings: string[] = [];
  visit(pod, undefined, (path, message) => warnings.push(`${fieldPathText(path)}: ${message}`));
  return warnings;
}

type Tell = (path: FieldPath, message: string) => void;

function visit(pod: object, report: Tell = () => {}, warn: Tell = () => {}): void {
  applyFields(pod, { table: POD_FIELDS, place: "node", report, warn });
}
