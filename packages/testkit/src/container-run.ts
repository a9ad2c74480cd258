import { randomBytes } from "node:crypto";
import type {
  ContainerExit,
  ContainerIo,
  ContainerPlan,
  ModuleSource,
  RunningContainer,
  Runtime,
} from "@krustlet/interface";

/** A plan for tests: a container of pod `test/probe` with no mounts, sockets or limits, and what `changes` says. */
export function planOf(module: ModuleSource, changes: Partial<ContainerPlan> = {}): ContainerPlan {
  return {
    id: randomBytes(32).toString("hex"),
    pod: { namespace: "test", name: "probe", uid: "0" },
    name: "main",
    module,
    args: ["probe"],
    env: {},
    mounts: [],
    listen: [],
    resources: {},
    isolated: false,
    ...changes,
  };
}

/** Takes a container's output and lets a test wait for it. */
export class OutputRecorder implements ContainerIo {
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Every chunk in order of arrival. */
  readonly chunks: { readonly stream: "stdout" | "stderr"; readonly chunk: Uint8Array }[] = [];
  readonly #waiters: { readonly stream: "stdout" | "stderr"; text: string; resolve: () => void }[] = [];

  constructor(stdin?: AsyncIterable<Uint8Array>) {
    this.stdin = stdin;
  }

  write(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    this.chunks.push({ stream, chunk });
    for (const waiter of this.#waiters) if (this[waiter.stream].includes(waiter.text)) waiter.resolve();
  }

  get stdout(): string {
    return this.#textOf("stdout");
  }

  get stderr(): string {
    return this.#textOf("stderr");
  }

  /** Resolves as soon as stdout holds `text`. */
  waitFor(text: string): Promise<void> {
    if (this.stdout.includes(text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ stream: "stdout", text, resolve }));
  }

  #textOf(stream: "stdout" | "stderr"): string {
    const chunks = this.chunks.filter((chunk) => chunk.stream === stream).map(({ chunk }) => chunk);
    return Buffer.concat(chunks).toString();
  }
}

/** A container that a test started, with what it wrote. */
export interface StartedContainer {
  readonly container: RunningContainer;
  readonly output: OutputRecorder;
}

/** Starts a container and records its output. */
export async function startContainer(
  runtime: Runtime,
  plan: ContainerPlan,
  stdin?: AsyncIterable<Uint8Array>,
): Promise<StartedContainer> {
  const output = new OutputRecorder(stdin);
  return { container: await runtime.start(plan, output), output };
}

/** Runs a container to its end. */
export async function runContainer(
  runtime: Runtime,
  plan: ContainerPlan,
  stdin?: AsyncIterable<Uint8Array>,
): Promise<{ readonly exit: ContainerExit; readonly stdout: string; readonly stderr: string }> {
  const { container, output } = await startContainer(runtime, plan, stdin);
  const exit = await container.exited;
  return { exit, stdout: output.stdout, stderr: output.stderr };
}
