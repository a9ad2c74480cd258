import { join, resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";

import type { CliHost } from "./cli-host.ts";
import { parseCommandLine } from "./command-line.ts";
import type { OptionTable } from "./command-line.ts";
import { COMMANDS, COMMON_OPTIONS } from "./commands.ts";
import { commandHelpOf, helpOf } from "./help.ts";
import { errorText, exitCodeOfError } from "./report-error.ts";
import { version } from "./version.ts";

/** Runs one command line and resolves to the exit code; whatever goes wrong is one sentence on stderr. */
export async function runCli(args: readonly string[], host: CliHost): Promise<number> {
  const verbose = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined).includes("--verbose");
  try {
    return await dispatch(args, host);
  } catch (error) {
    await host.stderr.write(errorText(error, verbose));
    return exitCodeOfError(error);
  }
}

async function dispatch(args: readonly string[], host: CliHost): Promise<number> {
  const at = args.findIndex((each) => !each.startsWith("-"));
  const name = at === -1 ? undefined : args[at];
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    if (name !== undefined && name !== "help") throw unknownCommand(name);
    const line = parseCommandLine(
      { ...COMMON_OPTIONS, version: VERSION_OPTION },
      name === undefined ? args : [],
    );
    const text = line.flag("version") ? `krustlet ${version()}\n` : helpOf(COMMANDS, COMMON_OPTIONS);
    await host.stdout.write(text);
    return 0;
  }
  const own = typeof command.options === "function" ? await command.options() : command.options;
  const options: OptionTable = { ...own, ...COMMON_OPTIONS };
  const line = parseCommandLine(options, [...args.slice(0, at), ...args.slice(at + 1)]);
  if (line.flag("help")) {
    await host.stdout.write(commandHelpOf({ ...command, options: own }, COMMON_OPTIONS));
    return 0;
  }
  const run = await command.load();
  return run({ host, line, root: rootOf(line.text("root"), host), verbose: line.flag("verbose") });
}

const VERSION_OPTION = { type: "boolean", short: "V", help: "print the version" } as const;

function unknownCommand(name: string): KrustletError {
  const known = COMMANDS.map((each) => each.name).join(", ");
  return new KrustletError("InvalidUsage", `"${name}" is no command; there are ${known}, and --help`);
}

/** `--root`, else `$KRUSTLET_ROOT`, else `/var/lib/krustlet` as root and `~/.krustlet` as anybody else. */
function rootOf(option: string | undefined, host: CliHost): string {
  const given = option ?? host.env["KRUSTLET_ROOT"];
  if (given !== undefined && given !== "") return resolve(host.cwd, given);
  return host.isRoot ? "/var/lib/krustlet" : join(host.home, ".krustlet");
}
