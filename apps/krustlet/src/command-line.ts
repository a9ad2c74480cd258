import { parseArgs } from "node:util";

import { KrustletError } from "@krustlet/interface";
import { didYouMean } from "@krustlet/manifest/did-you-mean";

/** One option of a command. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What its value is called in the help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** What it means without a value, where it may be given so: a value then follows a `=` or is a number. */
  readonly bare?: string;
  /** The heading that the help shows it under. */
  readonly group?: string;
  /** Another name of the option before it: taken, not shown. */
  readonly alias?: true;
  readonly help: string;
}

/** The options of a command, by their long names. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** A command line, taken apart. */
export interface CommandLine {
  readonly positionals: readonly string[];
  /** What came after `--`; undefined if there was none. */
  readonly rest: readonly string[] | undefined;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/** @throws KrustletError `InvalidUsage` for an option that is unknown, lacks its value or has a wrong one. */
export function parseCommandLine(options: OptionTable, args: readonly string[]): CommandLine {
  const end = args.indexOf("--");
  const own = withBareValues(options, end === -1 ? args : args.slice(0, end));
  const { values, positionals } = parse(options, own);
  for (const [name, { choices }] of Object.entries(options)) {
    const value = values[name];
    if (choices !== undefined && typeof value === "string" && !choices.includes(value)) {
      throw new KrustletError("InvalidUsage", `--${name} "${value}" is not one of ${choices.join(", ")}`);
    }
  }
  return {
    positionals,
    rest: end === -1 ? undefined : args.slice(end + 1),
    text: (name) => {
      const value = values[name];
      return typeof value === "string" ? value : undefined;
    },
    texts: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
    },
    flag: (name) => values[name] === true,
  };
}

/** Gives options that stand bare their value, so that all of them have one. */
function withBareValues(options: OptionTable, args: readonly string[]): readonly string[] {
  const bare = new Map<string, string>();
  for (const [name, { bare: value, short }] of Object.entries(options)) {
    if (value === undefined) continue;
    bare.set(`--${name}`, `--${name}=${value}`);
    if (short !== undefined) bare.set(`-${short}`, `--${name}=${value}`);
  }
  return args.map((argument, index) => {
    const short = /^-(?<letter>[a-z])=?(?<value>.+)$/u.exec(argument)?.groups;
    const name = Object.entries(options).find(([, each]) => each.short === short?.["letter"])?.[0];
    // `-v=4`, as the kubelet takes it; `parseArgs` would make it "=4".
    if (name !== undefined && argument[2] === "=") return `--${name}=${short?.["value"] ?? ""}`;
    return /^\d+$/u.test(args[index + 1] ?? "") ? argument : (bare.get(argument) ?? argument);
  });
}

function parse(options: OptionTable, args: readonly string[]): ReturnType<typeof parseArgs> {
  const table = Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple = false }]) => [
      name,
      short === undefined ? { type, multiple } : { type, multiple, short },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options: table, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new KrustletError("InvalidUsage", sentenceOf(cause, options), { cause });
  }
}

/** What `parseArgs` has to say, in words of a command line. */
function sentenceOf(cause: unknown, options: OptionTable): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [, written = ""] = /'(-[^\s',=]*)/u.exec(text) ?? [];
  const unknown = text.startsWith("Unknown option");
  if (unknown) return `unknown option ${written}${nearestTo(written, options)}`;
  const short = /^-(.)$/u.exec(written)?.[1];
  const name = short && Object.entries(options).find(([, each]) => each.short === short)?.[0];
  const option = /(--[\w-]+)/u.exec(text)?.[1] ?? (name === undefined ? written : `--${name}`);
  if (/does not take an argument/u.test(text)) return `${option} takes no value`;
  if (/argument missing/u.test(text)) return `${option} needs a value`;
  if (/ambiguous/u.test(text))
    return `${option} needs a value; one that begins with a dash is written ${option}=-…`;
  const [sentence = ""] = text.split(/\. |\n/u);
  return sentence;
}

function nearestTo(written: string, options: OptionTable): string {
  if (!written.startsWith("--")) return "";
  const known = Object.keys(options).filter((name) => options[name]?.alias !== true);
  return didYouMean(written.slice(2), known).replace('"', '"--');
}
