import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { eventually } from "@krustlet/testkit";

import type { CliHost } from "../src/cli-host.ts";
import { runCli } from "../src/run-cli.ts";

/** A terminal that a test looks at. */
export interface FakeHost extends CliHost, AsyncDisposable {
  readonly directory: string;
  readonly printed: { stdout: string; stderr: string };
  /** Sends what Ctrl-C sends. */
  interrupt(): void;
  /** Lets the writes to stdout fail from now on. */
  failStdout(error: Error): void;
  /** Resolves once `text` was printed on either stream. */
  prints(text: string): Promise<void>;
  run(...args: readonly string[]): Promise<number>;
}

/** Opens a host in a directory of its own. */
export async function openHost(
  init: { readonly stdin?: string; readonly isTTY?: boolean } = {},
): Promise<FakeHost> {
  const directory = await mkdtemp(join(tmpdir(), "krustlet-app-"));
  const printed = { stdout: "", stderr: "" };
  const listeners = new Set<(signal: string) => void>();
  const failed = Promise.withResolvers<Error>();
  const sink = (name: "stdout" | "stderr"): CliHost["stdout"] => ({
    isTTY: init.isTTY ?? false,
    columns: () => 80,
    rows: () => 5,
    write: (bytes) => {
      printed[name] += typeof bytes === "string" ? bytes : Buffer.from(bytes).toString();
      return Promise.resolve();
    },
    failed: name === "stdout" ? failed.promise : new Promise<Error>(() => undefined),
  });
  const host: FakeHost = {
    directory,
    printed,
    env: { GREETING: "hello", NO_COLOR: "1", KRUSTLET_ROOT: join(directory, "root") },
    cwd: directory,
    home: directory,
    endsProcess: false,
    isRoot: false,
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    stdin: {
      async *[Symbol.asyncIterator]() {
        if (init.stdin !== undefined) yield Buffer.from(init.stdin);
      },
    },
    onSignal: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    onRejection: () => ({ [Symbol.dispose]: () => undefined }),
    interrupt: () => {
      for (const listener of listeners) listener("SIGINT");
    },
    failStdout: (error) => failed.resolve(error),
    prints: (text) =>
      eventually(
        () => printed.stdout.includes(text) || printed.stderr.includes(text),
        () => `"${text}" was never printed:\n${printed.stdout}${printed.stderr}`,
      ),
    run: (...args) => runCli(args, host),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
  return host;
}
