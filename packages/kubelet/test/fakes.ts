import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type {
  ContainerExit,
  ContainerIo,
  ContainerPlan,
  ImageStore,
  MountedVolumes,
  ObjectKey,
  ObjectSource,
  RunningContainer,
  Runtime,
  VolumeMounter,
  WasmImage,
} from "@krustlet/interface";
import { statusOf } from "@krustlet/pod-machine";
import type { PodStatus } from "@krustlet/pod-machine";
import { eventually, FakeClock } from "@krustlet/testkit";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { ReplaySubject } from "rxjs";

import { loopbackPodAddresses, startKubelet } from "../src/index.ts";
import type { ContainerOutput, KubeletInit, PodFailure, PodTransition, SourceChange } from "../src/index.ts";

/** Counts what is held and what was ever begun twice at the same time. */
export class Ledger {
  readonly held: Map<string, number> = new Map<string, number>();
  readonly mistakes: string[] = [];
  readonly log: string[] = [];

  take(what: string): void {
    const count = (this.held.get(what) ?? 0) + 1;
    if (count > 1) this.mistakes.push(`${what} is held ${count} times`);
    this.held.set(what, count);
    this.log.push(`+${what}`);
  }

  give(what: string): void {
    const count = this.held.get(what) ?? 0;
    if (count < 1) this.mistakes.push(`${what} was given back and not held`);
    if (count <= 1) this.held.delete(what);
    else this.held.set(what, count - 1);
    this.log.push(`-${what}`);
  }
}

/** A container that does what the test says. */
export class FakeContainer implements RunningContainer {
  readonly id: string;
  readonly plan: ContainerPlan;
  readonly io: ContainerIo;
  readonly startedAt: Date;
  readonly exited: Promise<ContainerExit>;
  terminated = 0;
  /** Whether it ends when it is asked to stop; a stubborn one has to be killed. */
  stubborn = false;
  readonly #exit: (exit: ContainerExit) => void;
  readonly #clock: FakeClock;
  readonly #onEnd: () => void;
  #ended = false;

  constructor(plan: ContainerPlan, io: ContainerIo, clock: FakeClock, onEnd: () => void) {
    const { promise, resolve } = Promise.withResolvers<ContainerExit>();
    this.id = plan.id;
    this.plan = plan;
    this.io = io;
    this.startedAt = clock.now();
    this.exited = promise;
    this.#exit = resolve;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  exit(exitCode: number, more: Partial<ContainerExit> = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#exit({
      exitCode,
      reason: exitCode === 0 ? "Completed" : "Error",
      startedAt: this.startedAt,
      finishedAt: this.#clock.now(),
      ...more,
    });
  }

  print(text: string, stream: "stdout" | "stderr" = "stdout"): void | Promise<void> {
    return this.io.write(stream, Buffer.from(text));
  }

  terminate(): Promise<void> {
    this.terminated += 1;
    if (!this.stubborn) this.exit(143);
    return Promise.resolve();
  }

  kill(): Promise<void> {
    this.exit(137);
    return Promise.resolve();
  }

  memoryBytes = 0;

  usage(): Promise<{ cpuMicros: number; memoryBytes: number }> {
    return Promise.resolve({ cpuMicros: 0, memoryBytes: this.memoryBytes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A way for a test to hold an effect, or make it fail. */
export type Gate = (what: string) => Promise<void> | void;

/** A kubelet on fakes. */
export class Bench implements AsyncDisposable {
  readonly clock: FakeClock = new FakeClock();
  readonly ledger: Ledger = new Ledger();
  readonly source$: ReplaySubject<SourceChange> = new ReplaySubject<SourceChange>();
  readonly containers: FakeContainer[] = [];
  readonly steps: PodTransition[] = [];
  readonly failures: PodFailure[] = [];
  readonly statuses: PodStatus[] = [];
  readonly output: string[] = [];
  gate: Gate = () => undefined;
  /** Told of each guest whose first instruction may run. */
  onStart: (plan: ContainerPlan) => void = () => undefined;
  /** Told when volumes were made. */
  onMount: () => void = () => undefined;
  usage: MountedVolumes<V1Pod>["usage"] = () => Promise.resolve([]);
  localUsage: MountedVolumes<V1Pod>["localUsage"] = () => Promise.resolve({ bytes: 0, inodes: 0 });
  refreshed = 0;
  /** What each refresh was for. */
  readonly refreshedFor: (ObjectKey | undefined)[] = [];
  /** What a refresh does beside being counted. */
  refresh: () => Promise<void> = () => Promise.resolve();
  nextRefresh: Date | undefined;
  onOutput: (output: ContainerOutput) => void | Promise<void> = ({ container, chunk }) => {
    this.output.push(`${container}: ${Buffer.from(chunk).toString()}`);
  };
  readonly rootDir: string;
  readonly kubelet: ReturnType<typeof startKubelet>;

  constructor(rootDir: string, more: Partial<KubeletInit> = {}) {
    this.rootDir = rootDir;
    this.kubelet = startKubelet({
      sources: [this.source$],
      clock: this.clock,
      images: this.#images(),
      volumes: this.#volumes(),
      objects: NO_OBJECTS,
      runtimes: new Map([["wasi", () => Promise.resolve(this.#runtime())]]),
      defaultRuntime: "wasi",
      addresses: loopbackPodAddresses(),
      node: { nodeName: "here", hostIPs: ["192.0.2.1"] },
      rootDir,
      onOutput: (each) => this.onOutput(each),
      writeStatus: (_pod, status) => {
        this.statuses.push(status);
        return Promise.resolve();
      },
      ...more,
    });
    this.kubelet.transitions$.subscribe((step) => this.steps.push(step));
    this.kubelet.failures$.subscribe((failure) => this.failures.push(failure));
  }

  add(pod: V1Pod): void {
    this.source$.next({ type: "added", pod });
  }

  remove(pod: V1Pod, gracePeriodSeconds?: number): void {
    this.source$.next({ type: "removed", pod, gracePeriodSeconds });
  }

  /** The state of the pod now. */
  get state(): string | undefined {
    return this.steps.at(-1)?.state.name;
  }

  /** The status that the pod's state stands for now. */
  get status(): PodStatus {
    const step = this.steps.at(-1);
    if (step === undefined) throw new Error("no pod has taken a step");
    return statusOf(step.state);
  }

  /** Resolves once `done` holds; the disk's answers come in between. */
  async until(done: () => boolean, what = "the condition"): Promise<void> {
    await eventually(done, () => `${what} never came; ${this.state}, ${this.ledger.log.join(" ")}`);
  }

  /** The `index`-th container that was ever started. */
  async started(index = 0): Promise<FakeContainer> {
    await this.until(() => this.containers[index] !== undefined, `container ${index}`);
    return this.containers[index]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kubelet[Symbol.asyncDispose]();
    await rm(this.rootDir, { recursive: true, force: true });
  }

  #images(): ImageStore {
    return {
      ensure: async (reference, { policy, onPull, signal }) => {
        this.ledger.take(`pull ${reference}`);
        if (policy === "Always") onPull?.();
        try {
          await this.#pass(`pull ${reference}`, signal);
          return { image: imageOf(reference), pulled: false, duration: 0 };
        } finally {
          this.ledger.give(`pull ${reference}`);
        }
      },
      list: () => Promise.resolve([]),
      remove: () => Promise.resolve(false),
    };
  }

  #volumes(): VolumeMounter<V1Pod> {
    return {
      mount: async (pod, options) => {
        const what = `volumes ${pod.metadata?.uid}`;
        await this.#pass("mount", options?.signal);
        this.ledger.take(what);
        this.onMount();
        return {
          mountsOf: () => Promise.resolve([]),
          refresh: (_pod, { changed } = {}) => {
            this.refreshed += 1;
            this.refreshedFor.push(changed);
            return this.refresh();
          },
          nextRefresh: () => this.nextRefresh,
          usage: () => this.usage(),
          localUsage: () => this.localUsage(),
          [Symbol.asyncDispose]: async () => {
            await this.#pass("unmount", undefined);
            this.ledger.give(what);
          },
        };
      },
    };
  }

  #runtime(): Runtime {
    return {
      name: "wasi",
      start: async (plan, io, options) => {
        const what = `container ${plan.pod.uid}/${plan.name}`;
        await this.#pass(`start ${plan.name}`, options?.signal);
        this.ledger.take(what);
        this.onStart(plan);
        const container = new FakeContainer(plan, io, this.clock, () => this.ledger.give(what));
        this.containers.push(container);
        return container;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async #pass(what: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const aborted = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    aborted.catch(() => undefined);
    await Promise.race([Promise.resolve(this.gate(what)), aborted]);
  }
}

const NO_OBJECTS: ObjectSource = {
  configMap: () => Promise.resolve(undefined),
  secret: () => Promise.resolve(undefined),
  persistentVolumeClaim: () => Promise.resolve(undefined),
};

/** A bench in a directory of its own. */
export async function openBench(more: Partial<KubeletInit> = {}): Promise<Bench> {
  return new Bench(await mkdtemp(join(tmpdir(), "krustlet-kubelet-")), more);
}

export function imageOf(reference: string): WasmImage {
  const digest = `sha256:${"a".repeat(64)}`;
  const module = { digest, path: `/modules/${reference}`, size: 8 };
  return { reference, imageID: digest, kind: "module", module, config: {}, size: 8 };
}

let uids = 0;

/** A Pod with a UID of its own. */
export function podOf(
  containers: readonly (Partial<V1Container> & { name: string })[] = [{ name: "app" }],
  spec: Partial<V1Pod["spec"]> & object = {},
  metadata: { readonly name?: string; readonly annotations?: Record<string, string> } = {},
): V1Pod {
  uids += 1;
  return {
    metadata: { name: "pod", namespace: "default", uid: `uid-${uids}`, ...metadata },
    spec: {
      restartPolicy: "Never",
      ...spec,
      containers: containers.map((each) => ({ image: `${each.name}:v1`, ...each })),
    },
  };
}
