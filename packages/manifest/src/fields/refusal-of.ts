import { fieldPathText } from "../problem.ts";
import type { FieldPath } from "../problem.ts";
import { applyFields } from "./apply-fields.ts";
import { POD_FIELDS } from "./pod-fields.ts";

const SHOWN = 5;
/** What a pod does costs the node the more with each of its containers: a pod of thousands would hold up all others. */
const MOST_CONTAINERS = 300;

/**
 * Why a node cannot run `pod`, a Pod of the API server's: what it asks for that {@link POD_FIELDS} refuses there, in
 * one line; undefined where there is nothing. What the API server adds to Pods is never refused.
 */
export function refusalOf(pod: object): string | undefined {
  const count = containersOf(pod);
  if (count > MOST_CONTAINERS) {
    return `spec.containers: this node runs at most ${MOST_CONTAINERS} containers of one pod, not ${count}`;
  }
  const refused: string[] = [];
  visit(pod, (path, why) => refused.push(`${fieldPathText(path)}: ${why}`));
  return inOneLine(refused);
}

/**
 * What a Pod of the API server's asks for that a node does not do, and whose author may count on it, in one line;
 * undefined where there is nothing.
 */
export function warningOf(pod: object): string | undefined {
  const ignored: string[] = [];
  visit(pod, undefined, (path, message) => ignored.push(`${fieldPathText(path)}: ${message}`));
  return inOneLine(ignored);
}

function containersOf({ spec }: { readonly spec?: { readonly [field: string]: unknown } }): number {
  const lists = [spec?.["containers"], spec?.["initContainers"]];
  return lists.reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
}

/** Short enough for an Event, however much there is. */
function inOneLine(found: readonly string[]): string | undefined {
  if (found.length === 0) return undefined;
  const more = found.length > SHOWN ? [`and ${found.length - SHOWN} more`] : [];
  return [...found.slice(0, SHOWN), ...more].join("; ");
}

type Tell = (path: FieldPath, message: string) => void;

function visit(pod: object, report: Tell = () => {}, warn: Tell = () => {}): void {
  applyFields(pod, { table: POD_FIELDS, place: "node", report, warn });
}
