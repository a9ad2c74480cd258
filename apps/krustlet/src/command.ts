import type { CliHost } from "./cli-host.ts";
import type { CommandLine, OptionTable } from "./command-line.ts";

/** What a command gets. */
export interface CommandContext {
  readonly host: CliHost;
  readonly line: CommandLine;
  /** Root directory of everything that krustlet keeps. */
  readonly root: string;
  readonly verbose: boolean;
}

/** One sub-command; what it does is loaded when it is called. */
export interface Command {
  readonly name: string;
  /** What follows the name in a usage line. */
  readonly usage: string;
  readonly summary: string;
  /** Paragraphs of the command's own help. */
  readonly description?: string;
  /** A function where there are so many that they are loaded when the command is called. */
  readonly options: OptionTable | (() => Promise<OptionTable>);
  readonly examples?: readonly string[];
  /** Resolves to the exit code. */
  load(): Promise<(context: CommandContext) => Promise<number>>;
}
