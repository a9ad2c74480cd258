import type { Worker } from "node:worker_threads";

import { EXIT_REFUSED } from "./exit-status.ts";
import { nodeHost } from "./node-host.ts";
import { errorText } from "./report-error.ts";
import { runCli } from "./run-cli.ts";
import { prepareWasiRuntime } from "./wasi-runtime.ts";

/** What {@link main} is given by the file that starts it. */
export interface MainInit {
  /** The command line, without the program. */
  readonly args: readonly string[];
  /** A thread for guests that was started ahead. */
  readonly firstThread?: Worker;
  /** Called when the command was carried out, before the process ends. */
  readonly onDone?: () => void;
}

/** Runs one command line as this process, and ends it. */
export async function main({ args, firstThread, onDone }: MainInit): Promise<never> {
  // What nobody expected is told in one sentence, too.
  const fail = (error: unknown): never => {
    process.stderr.write(errorText(error, args.includes("--verbose")));
    process.exit(EXIT_REFUSED);
  };
  process.on("uncaughtException", fail).on("unhandledRejection", fail);
  if (firstThread !== undefined) prepareWasiRuntime(firstThread);
  const code = await runCli(args, nodeHost());
  if (code !== EXIT_REFUSED) onDone?.();
  process.exit(code);
}

// The command from its sources, as developers run it; the built one is started by `start.ts`.
if (import.meta.main) await main({ args: process.argv.slice(2) });
