import { join, resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";
import { didYouMean } from "@krustlet/manifest/did-you-mean";

import type { CliHost } from "./cli-host.ts";
import { parseCommandLine } from "./command-line.ts";
import type { OptionTable } from "./command-line.ts";
import { COMMANDS, COMMON_OPTIONS, OWN_OPTIONS } from "./commands.ts";
import { commandHelpOf, helpOf } from "./help.ts";
import { lostOutputOf } from "./lost-output.ts";
import { errorText, exitCodeOfError } from "./report-error.ts";
import { version } from "./version.ts";

/** Runs one command line and resolves to the exit code; whatever goes wrong is one sentence on stderr. */
export async function runCli(args: readonly string[], host: CliHost): Promise<number> {
  const verbose = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined).includes("--verbose");
  try {
    const code = await dispatch(args, host);
    const lost = code === 0 ? await lostOutputOf(host.stdout) : undefined;
    if (lost !== undefined) throw lost;
    return code;
  } catch (error) {
    await host.stderr.write(errorText(error, verbose));
    return exitCodeOfError(error);
  }
}

async function dispatch(args: readonly string[], host: CliHost): Promise<number> {
  const at = args.findIndex((each) => !each.startsWith("-"));
  const name = at === -1 ? undefined : args[at];
  const command = COMMANDS.find((each) => each.name === name);
  if (name === "help") {
    const [of, ...more] = args.slice(at + 1).filter((each) => !each.startsWith("-"));
    if (more.length > 0) throw new KrustletError("InvalidUsage", "krustlet help takes one command");
    return dispatch(of === undefined ? ["--help"] : [of, "--help"], host);
  }
  if (command === undefined) {
    if (name !== undefined && name !== "version") throw unknownCommand(name);
    const line = parseCommandLine({ ...COMMON_OPTIONS, ...OWN_OPTIONS }, name === undefined ? args : []);
    const asked = name === "version" || line.flag("version");
    await host.stdout.write(
      asked ? `krustlet ${version()}\n` : helpOf(COMMANDS, COMMON_OPTIONS, OWN_OPTIONS),
    );
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

function unknownCommand(name: string): KrustletError {
  const names = COMMANDS.map((each) => each.name);
  const message = `"${name}" is no command${didYouMean(name, names)}; there are ${names.join(", ")}, and --help`;
  return new KrustletError("InvalidUsage", message);
}

/** `--root`, else `$KRUSTLET_ROOT`, else `/var/lib/krustlet` as root and `~/.krustlet` as anybody else. */
function rootOf(option: string | undefined, host: CliHost): string {
  const given = option ?? host.env["KRUSTLET_ROOT"];
  if (given !== undefined && given !== "") return resolve(host.cwd, given);
  return host.isRoot ? "/var/lib/krustlet" : join(host.home, ".krustlet");
}
