import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { PodStatus } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import * as fc from "fast-check";
import { expect, it } from "vitest";

import type { CheckpointStore } from "../src/index.ts";
import { Bench, podOf } from "./fakes.ts";

/** What may happen next. */
type Move =
  | { readonly do: "turn" | "die" | "delete" | "gone" | "letGo" }
  | { readonly do: "exit"; readonly which: number; readonly code: number }
  | { readonly do: "wait"; readonly ms: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "letGo" } as const) },
  { weight: 3, arbitrary: fc.constant({ do: "turn" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "die" } as const) },
  { weight: 1, arbitrary: fc.constantFrom({ do: "delete" } as const, { do: "gone" } as const) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("exit" as const), which: fc.nat(2), code: fc.constantFrom(0, 1) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(500, 10_000) }) },
);

/** A machine with a disk and an API server, on which one process after the other runs a pod. */
class Machine {
  /** The disk: it has whatever was written before the process died. */
  readonly disk = new Map<string, string>();
  /** UIDs of pods whose volumes are made. */
  readonly volumes = new Set<string>();
  /** The object; undefined when it is gone. */
  object: V1Pod | undefined;
  /** Every guest that ever ran, as container/restart. */
  readonly runs: string[] = [];
  readonly phases: string[] = [];
  readonly restarts = new Map<string, number>();
  bench!: Bench;
  #alive = { yes: true };
  #held: (() => void)[] = [];
  readonly #rootDir: string;
  readonly #uid: string;

  constructor(rootDir: string, pod: V1Pod) {
    this.#rootDir = rootDir;
    this.#uid = pod.metadata?.uid ?? "";
    this.object = pod;
    this.#boot();
  }

  #boot(): void {
    const uid = this.#uid;
    const alive = { yes: true };
    this.#alive = alive;
    this.#held = [];
    const never = new Promise<never>(() => undefined);
    /** Nothing that a dead process does has any effect, and nothing answers it. */
    const living = async <T>(work: () => T): Promise<T> => {
      await Promise.resolve();
      return alive.yes ? work() : never;
    };
    const checkpoints: CheckpointStore = {
      list: async () => [...this.disk].map(([uid, text]) => ({ uid, text })),
      write: (uid, text) => living(() => void this.disk.set(uid, text)),
      remove: (uid) => living(() => void this.disk.delete(uid)),
    };
    const bench = new Bench(this.#rootDir, {
      checkpoints,
      leftVolumes: {
        list: async () => [...this.volumes],
        remove: (uid) => living(() => void this.volumes.delete(uid)),
      },
      writeStatus: (_pod, status) => living(() => this.#write(status)),
      deletePod: (pod) =>
        living(() => {
          this.object = undefined;
          bench.remove(pod, 0);
        }),
    });
    bench.gate = (what) => {
      if (what === "unmount") return living(() => void this.volumes.delete(uid));
      if (!what.startsWith("start") && !what.startsWith("pull") && what !== "mount") return undefined;
      return new Promise<void>((resolve) => this.#held.push(resolve)).then(() =>
        alive.yes ? undefined : never,
      );
    };
    bench.onMount = () => {
      if (alive.yes) this.volumes.add(uid);
    };
    bench.onStart = ({ name }) => {
      const status = bench.kubelet.pods()[0]?.status;
      const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
      this.runs.push(`${name}/${all.find((each) => each.name === name)?.restartCount}`);
    };
    this.bench = bench;
    if (this.object !== undefined) bench.add(this.object);
    bench.source$.next({ type: "synced" });
  }

  #write(status: PodStatus): void {
    if (this.object === undefined) return;
    this.phases.push(status.phase);
    for (const each of [...status.containerStatuses, ...(status.initContainerStatuses ?? [])]) {
      const before = this.restarts.get(each.name) ?? 0;
      if (each.restartCount < before) throw new Error(`${each.name}: restartCount fell from ${before}`);
      this.restarts.set(each.name, each.restartCount);
    }
    const { metadata, spec } = this.object;
    this.object = { metadata, spec, status };
  }

  letGo(): void {
    this.#held.shift()?.();
  }

  openAll(): void {
    const { gate } = this.bench;
    this.bench.gate = (what) => (what === "unmount" ? gate(what) : undefined);
    while (this.#held.length > 0) this.letGo();
  }

  /** Without warning; another process takes its place. */
  die(): void {
    this.#alive.yes = false;
    void this.bench.kubelet[Symbol.asyncDispose]();
    this.#boot();
  }

  delete(gracePeriodSeconds: number): void {
    if (this.object === undefined) return;
    const { metadata, spec, status } = this.object;
    const deletionTimestamp = metadata?.deletionTimestamp ?? this.bench.clock.now();
    const deleted = { deletionTimestamp, deletionGracePeriodSeconds: gracePeriodSeconds };
    this.object = { metadata: Object.assign({}, metadata, deleted), spec, status };
    this.bench.source$.next({ type: "updated", pod: this.object });
  }

  /** By force: the object goes first. */
  forget(): void {
    if (this.object === undefined) return;
    const pod = this.object;
    this.object = undefined;
    this.bench.remove(pod, 0);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const runs = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 60);

const shapes = fc.record({
  restartPolicy: fc.constantFrom("Always", "OnFailure", "Never"),
  inits: fc.nat(1),
  containers: fc.integer({ min: 1, max: 2 }),
});

it("runs nothing twice and forgets no end, whenever its process dies", { timeout: 600_000 }, async () => {
  let deaths = 0;
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.array(move, { minLength: 10, maxLength: 40, size: "max" }),
      async (shape, moves) => {
        const rootDir = await mkdtemp(join(tmpdir(), "krustlet-deaths-"));
        const names = (prefix: string, count: number): { name: string }[] =>
          Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index}` }));
        const initContainers = names("i", shape.inits).map(({ name }) => ({ name, image: `${name}:v1` }));
        const pod = podOf(names("c", shape.containers), {
          restartPolicy: shape.restartPolicy,
          initContainers,
        });
        const machine = new Machine(rootDir, pod);
        try {
          for (const each of moves) {
            if (each.do === "letGo") machine.letGo();
            else if (each.do === "die") {
              deaths += 1;
              machine.die();
            } else if (each.do === "delete") machine.delete(30);
            else if (each.do === "gone") machine.forget();
            else if (each.do === "exit") machine.bench.containers[each.which]?.exit(each.code);
            else if (each.do === "wait") await machine.bench.clock.advance(each.ms);
            await turn();
          }
          machine.openAll();
          machine.delete(1);
          for (
            const giveUp = performance.now() + 10_000;
            machine.disk.size > 0 || machine.volumes.size > 0 || machine.object !== undefined;
          ) {
            if (performance.now() > giveUp)
              throw new Error(
                `no end: ${machine.bench.state} ${machine.bench.failures.map(({ action, error }) => `${action}: ${String(error)}`).join("; ")} ${[...machine.disk.values()].join()}`,
              );
            await machine.bench.clock.advance(500);
          }
          await machine.bench.until(() => machine.bench.kubelet.pods().length === 0);
          expect(machine.bench.ledger.mistakes).toStrictEqual([]);
          expect([...machine.bench.ledger.held.keys()]).toStrictEqual([]);
          // Every run has a number, and so a log, of its own.
          expect(new Set(machine.runs).size).toBe(machine.runs.length);
          const again = machine.runs.filter((run) => !run.endsWith("/0"));
          expect(shape.restartPolicy === "Never" ? again : []).toStrictEqual([]);
          // A phase never goes back.
          const rank = ["Pending", "Running", "Succeeded", "Failed"];
          const order = machine.phases.map((phase) => rank.indexOf(phase));
          expect(order).toStrictEqual(order.toSorted((a, b) => a - b));
          const ends = new Set(machine.phases.filter((phase) => phase === "Succeeded" || phase === "Failed"));
          expect(ends.size).toBeLessThanOrEqual(1);
        } finally {
          await machine.bench.kubelet[Symbol.asyncDispose]();
          await rm(rootDir, { recursive: true, force: true, maxRetries: 3 });
        }
      },
    ),
    { seed: 20_261_124, numRuns: runs },
  );
  expect(deaths).toBeGreaterThan(runs / 2);
});
