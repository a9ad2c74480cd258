import { fieldPathText } from "../problem.ts";
import type { FieldPath } from "../problem.ts";
import { applyFields } from "./apply-fields.ts";
import { POD_FIELDS } from "./pod-fields.ts";

const SHOWN = 5;
/** What a pod does costs the node the more with each of its containers: a pod of thousands would hold up all others. */
const MOST_CONTAINERS = 300;

/**
 * Why a node cannot run `pod`, a Pod of the API server's: what it asks for that {@link POD_FIELDS} refuses there, in
 * one line; undefined where there is nothing. What the API server adds to Pods is never refused. Objects are not to be
 * changed once they were given: what is found is remembered.
 */
export function refusalOf(pod: object): string | undefined {
  const count = containersOf(pod);
  if (count > MOST_CONTAINERS) {
    return `spec.containers: this node runs at most ${MOST_CONTAINERS} containers of one pod, not ${count}`;
  }
  return inOneLine(findingsOf(pod).refused);
}

/**
 * What a Pod of the API server's asks for that a node does not do, and whose author may count on it, in one line;
 * undefined where there is nothing. It remembers as {@link refusalOf} does.
 */
export function warningOf(pod: object): string | undefined {
  return inOneLine(findingsOf(pod).ignored);
}

interface Findings {
  readonly refused: readonly string[];
  readonly ignored: readonly string[];
}

/** Each container of a pod asks again. */
const FOUND = new WeakMap<object, Findings>();

function findingsOf(pod: object): Findings {
  const known = FOUND.get(pod);
  if (known !== undefined) return known;
  const [refused, ignored]: [string[], string[]] = [[], []];
  const into =
    (list: string[]) =>
    (path: FieldPath, message: string): void =>
      void list.push(`${fieldPathText(path)}: ${message}`);
  applyFields(pod, { table: POD_FIELDS, place: "node", report: into(refused), warn: into(ignored) });
  const found = { refused, ignored };
  FOUND.set(pod, found);
  return found;
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
