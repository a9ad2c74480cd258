import { readFile } from "node:fs/promises";

import { expect, it } from "vitest";

import { COMMANDS, COMMON_OPTIONS } from "../src/commands.ts";
import { commandHelpOf, helpOf } from "../src/help.ts";

const document = await readFile(new URL("../../../docs/cli.md", import.meta.url), "utf8");

it("docs/cli.md shows the help as the command prints it", () => {
  for (const text of [
    helpOf(COMMANDS, COMMON_OPTIONS),
    ...COMMANDS.map((each) => commandHelpOf(each, COMMON_OPTIONS)),
  ]) {
    expect(document).toContain(`\`\`\`text\n${text}\`\`\`\n`);
  }
});
