import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ChildProcessWithoutNullStreams } from "node:child_process";

/** The checkout's top directory. */
export const checkout: string = dirname(dirname(import.meta.dirname));

/** What is tested: the checkout's launcher, or another krustlet, say an installed one, that the environment names. */
export const krustletCommand: string = process.env["KRUSTLET_E2E_COMMAND"] ?? join(checkout, "krustlet");

/** A demo's file. */
export function demo(...path: readonly string[]): string {
  return join(checkout, "demos", ...path);
}

/** How a command ended. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a command. */
export interface StartInit {
  /** The directory that everything is stored in. Default: one of its own, which `await using` removes. */
  readonly home?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** All of the standard input. Absent: the input stays open until `child.stdin` is ended. */
  readonly stdin?: string;
  /** Files by their names that are in the working directory before it starts. */
  readonly files?: Readonly<Record<string, string>>;
  /** A program to start `./krustlet` with, instead of starting it directly. */
  readonly through?: readonly string[];
  /** False: nobody reads the output until the test does. */
  readonly collect?: boolean;
}

/** A command that runs. Disposing kills it. */
export interface RunningCommand extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
  /** What was printed so far on both streams. */
  printed(): string;
  /** Resolves once `text` was printed on either stream; rejects when the command ends before. */
  prints(text: string): Promise<void>;
}

/** A directory that is gone afterwards. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "krustlet-e2e-"));
  return {
    path,
    // A volume may hold directories without write permission, which root does not mind and others retry.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Starts krustlet with `args`, in an environment of its own: nothing of the user's is read or written. */
export async function start(args: readonly string[], init: StartInit = {}): Promise<RunningCommand> {
  const own = init.home === undefined ? await temporaryDirectory() : undefined;
  const home = init.home ?? own?.path ?? "";
  const [program, ...before] = [...(init.through ?? []), krustletCommand];
  for (const [name, text] of Object.entries(init.files ?? {}))
    await writeFile(join(init.cwd ?? home, name), text);
  const child = spawn(program, [...before, ...args], {
    cwd: init.cwd ?? home,
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      KRUSTLET_ROOT: join(home, "root"),
      DOCKER_CONFIG: join(home, ".docker"),
      ...init.env,
    },
  });
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  if (init.collect !== false) {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      for (const watcher of watchers) watcher();
    });
  }
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const watcher of watchers) watcher();
  });
  // A command that ends before it has read its input is no error of the test.
  child.stdin.on("error", () => undefined);
  if (init.stdin !== undefined) child.stdin.end(init.stdin);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    child,
    finished,
    printed: () => stdout + stderr,
    prints: (text) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        void finished.then(() => reject(new Error(`It never printed "${text}".\n${stdout}${stderr}`)));
      }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await finished.catch(() => undefined);
      await own?.[Symbol.asyncDispose]();
    },
  };
}

/** Runs krustlet with `args` to its end, with an empty input unless one is given. */
export async function krustlet(args: readonly string[], init: StartInit = {}): Promise<Finished> {
  await using command = await start(args, { stdin: "", ...init });
  return await command.finished;
}

/** Sends what a terminal's Ctrl-C sends. */
export function interrupt(command: RunningCommand): void {
  command.child.kill("SIGINT");
}
