import { expect, it } from "vitest";

import { manifestText, MAX_MANIFEST_BYTES } from "../src/index.ts";

it("is UTF-8, with or without a byte order mark", () => {
  expect(manifestText(Buffer.from("\ufeffname: \u00fc"), "pod.yaml")).toBe("name: \u00fc");
});

it.each([
  ["Latin-1", Buffer.of(0x63, 0x61, 0x66, 0xe9)],
  ["UTF-16, as PowerShell writes it", Buffer.from("\ufeffkind: Pod\n", "utf16le")],
])("is refused in %s", (_what, content) => {
  expect(() => manifestText(content, "pod.yaml")).toThrow("pod.yaml: the manifest is not UTF-8 text");
});

it("is refused where it is too large to be one", () => {
  const content = Buffer.alloc(MAX_MANIFEST_BYTES + 1, "#");
  expect(() => manifestText(content, "pod.yaml")).toThrow("pod.yaml: the manifest is larger than 4 MiB");
});
