import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReadyProbe } from "./ready-probe.ts";

/** A process of a cluster, which can be taken away and given back. */
export interface Component {
  readonly name: string;
  /** The file that everything it says goes to. */
  readonly log: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** What the process that ended last gave back; null where a signal ended it, undefined where none has ended. */
  readonly exitCode: number | null | undefined;
  /** Starts it, where it does not run, on the port it had, and resolves once it is ready. */
  start(): Promise<void>;
  /** Ends it as an administrator would, with SIGTERM (after 30 s with SIGKILL), and resolves once it is gone. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL and resolves once it is gone. */
  kill(): Promise<void>;
  /** Stops its clock (SIGSTOP): its connections stay, and from the moment that this resolves nothing answers. */
  pause(): Promise<void>;
  /** Lets a paused one go on. */
  resume(): void;
}

/** Options of {@link createComponent}. */
export interface ComponentInit {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly log: string;
  readonly ready: ReadyProbe;
  /** Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
}

const READY_MS = 120_000;
const STOP_MS = 30_000;

/** A component that does not run yet. Its process dies with this one, however this one ends. */
export function createComponent(init: ComponentInit): Component {
  const { name, log } = init;
  let child: ChildProcess | undefined;
  let gone: Promise<string> = Promise.resolve("it was never started");
  let exitCode: number | null | undefined;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined) return;
    child.kill(signal);
    // A process whose clock stands still does not hear of any other signal.
    child.kill("SIGCONT");
    const late = setTimeout(() => child?.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(late);
  };

  return {
    name,
    log,
    get pid() {
      return child?.pid;
    },
    get exitCode() {
      return exitCode;
    },
    async start() {
      if (child !== undefined) return;
      const started = spawnBound(init);
      child = started;
      gone = new Promise((resolve) => {
        const over = (how: string): void => {
          if (child === started) child = undefined;
          resolve(how);
        };
        started.once("error", (error) => over(error.message));
        started.once("exit", (code, signal) => {
          exitCode = code;
          over(`it ended with ${code ?? signal}`);
        });
      });
      const failure = await Promise.race([gone, untilReady(init.ready, () => child === started)]);
      if (failure === undefined) return;
      await end("SIGKILL");
      throw new Error(`${name} did not start: ${failure}. The end of ${log}:\n${await tailOf(log)}`);
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    pause: async () => {
      if (child?.pid === undefined) return;
      const { pid } = child;
      child.kill("SIGSTOP");
      // Each thread goes on until it sees the signal.
      while (!(await standsStill(pid))) await sleep(1);
    },
    resume: () => void child?.kill("SIGCONT"),
  };
}

/**
 * Starts a program that the kernel kills when this process dies: `setpriv` (util-linux) asks for that and becomes it. A
 * terminal's Ctrl-C does not reach it: what ends when is for this process to say.
 */
function spawnBound({ program, args, directory, log, environment }: ComponentInit): ChildProcess {
  const output = openSync(log, "a", 0o600);
  try {
    const bound = process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", program] : [program];
    const [command = program, ...before] = bound;
    return spawn(command, [...before, ...args], {
      cwd: directory,
      detached: true,
      stdio: ["ignore", output, output],
      env: environment ?? process.env,
    });
  } finally {
    closeSync(output);
  }
}

/** Whether every thread of a process is stopped, or it is gone. */
async function standsStill(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = await Promise.all(
    threads.map(async (thread) => {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => "");
      // The state follows the program's name, which is in brackets and may be anything.
      return stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "T";
    }),
  );
  return states.every((state) => "TZX".includes(state));
}

async function untilReady(ready: ReadyProbe, runs: () => boolean): Promise<string | undefined> {
  const since = Date.now();
  let said = "nothing";
  for (const giveUp = performance.now() + READY_MS; performance.now() < giveUp && runs();) {
    const answer = await ready(since);
    if (answer === true) return undefined;
    said = answer;
    await sleep(50);
  }
  return `it was not ready after ${READY_MS / 1000} s and said ${said}`;
}

async function tailOf(log: string): Promise<string> {
  const text = await readFile(log, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-15).join("\n");
}
