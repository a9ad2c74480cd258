import type { Command } from "./command.ts";
import type { OptionSpec, OptionTable } from "./command-line.ts";

/** A command whose options are known. */
type HelpedCommand = Omit<Command, "options" | "load"> & { readonly options: OptionTable };

/** What `krustlet --help` prints; `own` are options of no command. */
export function helpOf(commands: readonly Command[], common: OptionTable, own: OptionTable): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Runs WebAssembly as Kubernetes pods: with one command and no cluster, or as a node of one.",
    "",
    "Usage: krustlet <command> [options]",
    "",
    "Commands:",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "Options:",
    ...optionLines(own),
    "",
    "Options of every command:",
    ...optionLines(common),
    "",
    "krustlet <command> --help tells more of one of them.",
    "",
  ].join("\n");
}

/** What `krustlet <command> --help` prints. */
export function commandHelpOf(command: HelpedCommand, common: OptionTable): string {
  return [
    `${command.summary}.`,
    "",
    `Usage: krustlet ${command.name} ${command.usage}`,
    ...(command.description === undefined ? [] : ["", command.description]),
    ...optionGroups(command.options),
    "",
    "Options of every command:",
    ...optionLines(common),
    ...(command.examples === undefined
      ? []
      : ["", "Examples:", ...command.examples.map((each) => `  ${each}`)]),
    "",
  ].join("\n");
}

/** The options under their headings, those without one first. */
function optionGroups(options: OptionTable): string[] {
  const groups = Map.groupBy(Object.entries(options), ([, { group = "Options" }]) => group);
  return [...groups].flatMap(([group, entries]) => [
    "",
    `${group}:`,
    ...optionLines(Object.fromEntries(entries)),
  ]);
}

function optionLines(options: OptionTable): string[] {
  const rows = Object.entries(options)
    .filter(([, { alias }]) => alias !== true)
    .map(([name, spec]) => [nameOf(name, spec), spec.help] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`);
}

function nameOf(name: string, { short, value, choices, type }: OptionSpec): string {
  const left = short === undefined ? `    --${name}` : `-${short}, --${name}`;
  if (type === "boolean") return left;
  return `${left} ${choices?.join("|") ?? value ?? "TEXT"}`;
}
