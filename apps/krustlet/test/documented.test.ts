import { readFile } from "node:fs/promises";

import { expect, it } from "vitest";

import { COMMANDS, COMMON_OPTIONS, OWN_OPTIONS } from "../src/commands.ts";
import { commandHelpOf, helpOf } from "../src/help.ts";

const document = await readFile(new URL("../../../docs/cli.md", import.meta.url), "utf8");

it("docs/cli.md shows the help as the command prints it", async () => {
  const helps = [helpOf(COMMANDS, COMMON_OPTIONS, OWN_OPTIONS)];
  for (const command of COMMANDS) {
    const options = typeof command.options === "function" ? await command.options() : command.options;
    helps.push(commandHelpOf({ ...command, options }, COMMON_OPTIONS));
  }
  for (const text of helps) expect(document).toContain(`\`\`\`text\n${text}\`\`\`\n`);
});
