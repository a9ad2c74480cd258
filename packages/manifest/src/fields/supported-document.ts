import { supportIn } from "./field-support.ts";
import type { FieldSupport, PlaceSupport } from "./field-support.ts";
import { POD_FIELDS } from "./pod-fields.ts";

const OPENING = `# Which fields of a Pod Krustlet honours

Generated from \`POD_FIELDS\` in packages/manifest; a test keeps the two equal.

An entry holds for all fields beneath it that have none of their own. \`[]\` stands for any index. What differs between
\`krustlet run\` and \`krustlet node\`, a node of a cluster, stands in both columns.

- **supported**: does what Kubernetes documents.
- **ignored**: not read, because its absence changes nothing for a WebAssembly guest.
- **ignored, with a warning**: not read, and \`krustlet run\` says so, as does the Pod's event \`FieldsIgnored\` on a node,
  because the manifest's author may count on it.
- **refused**: what would run is not what was asked for. \`krustlet run\` refuses the Pod with the sentence shown here. On a
  node the Pod waits, with the event \`FailedCreatePodSandBox\` and that sentence: a Pod that failed at once would be
  replaced at once by its controller, without end. A field that is false, empty or null asks for nothing and is never
  refused.

| field | \`krustlet run\` | \`krustlet node\` |
|---|---|---|
`;

/** The text of docs/supported.md. */
export function supportedDocument(): string {
  const rows = Object.entries(POD_FIELDS)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, field]) => `| \`${path}\` | ${cellOf(supportIn("run", field))} | ${nodeCellOf(field)} |`);
  return `${OPENING}${rows.join("\n")}\n`;
}

function nodeCellOf(field: FieldSupport): string {
  return field.node === undefined ? "the same" : cellOf(field.node);
}

function cellOf(support: PlaceSupport): string {
  const word =
    support.support === "ignored" && support.warn === true ? "ignored, with a warning" : support.support;
  const remark = support.support === "supported" ? support.note : support.why;
  return remark === undefined ? word : `${word}: ${remark}`;
}
