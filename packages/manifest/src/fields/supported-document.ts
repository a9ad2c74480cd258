import type { FieldSupport } from "./field-support.ts";
import { POD_FIELDS } from "./pod-fields.ts";

const OPENING = `# Which fields of a Pod Krustlet honours

Generated from \`POD_FIELDS\` in packages/manifest; a test keeps the two equal.

An entry holds for all fields beneath it that have none of their own. \`[]\` stands for any index.

- **supported**: does what Kubernetes documents.
- **ignored**: not read, because its absence changes nothing for a WebAssembly guest.
- **ignored, with a warning**: not read, and \`krustlet run\` says so, because the manifest's author may count on it.
- **refused**: a Pod that sets it is refused with the sentence shown here, because what would run is not what was
  asked for. A field that is false, empty or null asks for nothing and is never refused.

| field | | |
|---|---|---|
`;

/** The text of docs/supported.md. */
export function supportedDocument(): string {
  const rows = Object.entries(POD_FIELDS)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, support]) => `| \`${path}\` | ${wordOf(support)} | ${remarkOf(support)} |`);
  return `${OPENING}${rows.join("\n")}\n`;
}

function wordOf(support: FieldSupport): string {
  return support.support === "ignored" && support.warn === true ? "ignored, with a warning" : support.support;
}

function remarkOf(support: FieldSupport): string {
  return support.support === "supported" ? (support.note ?? "") : support.why;
}
