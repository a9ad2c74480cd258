import { eventually } from "@krustlet/testkit";
import type { V1Pod } from "@kubernetes/client-node";
import * as fc from "fast-check";
import { expect, it } from "vitest";

import type { CheckpointStore } from "../src/index.ts";
import { openBench, podOf } from "./fakes.ts";
import type { Bench } from "./fakes.ts";

const PODS = 4;

/** What may happen before the node is stopped. */
type Move =
  | { readonly do: "letGo" | "answer" | "refuse" | "turn" }
  | { readonly do: "exit"; readonly which: number; readonly code: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "delete" | "gone"; readonly which: number };

const which = fc.nat(PODS - 1);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ do: "letGo" } as const) },
  { weight: 4, arbitrary: fc.constant({ do: "answer" } as const) },
  { weight: 1, arbitrary: fc.constant({ do: "refuse" } as const) },
  { weight: 2, arbitrary: fc.constant({ do: "turn" } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("exit" as const), which, code: fc.constantFrom(0, 1) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(500, 10_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("gone" as const), which }) },
);

/** Work that stands still until somebody lets it go on. */
class Standing {
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  open = false;

  readonly gate = (): Promise<void> => {
    const one = Promise.withResolvers<void>();
    if (this.open) one.resolve();
    else this.#waiting.push(one);
    return one.promise;
  };

  /** As a call that is given up with its signal. */
  readonly until = (signal: AbortSignal): Promise<void> => {
    const given = Promise.withResolvers<void>();
    signal.throwIfAborted();
    signal.addEventListener("abort", () => given.reject(signal.reason), { once: true });
    this.gate().then(given.resolve, given.reject);
    return given.promise;
  };

  letGo(): void {
    this.#waiting.shift()?.resolve();
  }

  refuse(): void {
    this.#waiting.shift()?.reject(new Error("by chance"));
  }

  openAll(): void {
    this.open = true;
    while (this.#waiting.length > 0) this.letGo();
  }
}

/** A node with some pods, an API server that answers when it is told to, and a disk. */
async function openNode(): Promise<{
  bench: Bench;
  machine: Standing;
  api: Standing;
  play(each: Move): Promise<void>;
}> {
  const machine = new Standing();
  const api = new Standing();
  const disk = new Map<string, string>();
  const checkpoints: CheckpointStore = {
    list: async () => [],
    write: async (uid, text) => void disk.set(uid, text),
    remove: async (uid) => void disk.delete(uid),
  };
  const objects = new Map<number, V1Pod>();
  const bench = await openBench({
    checkpoints,
    writeStatus: (_pod, _status, signal) => api.until(signal),
    deletePod: async (pod, { signal }) => {
      await api.until(signal);
      bench.remove(pod, 0);
    },
  });
  bench.gate = machine.gate;
  for (let index = 0; index < PODS; index += 1) {
    const containers = ["a", "b"].map((name) => ({ name, image: `${name}${index}:v1` }));
    const pod = podOf(containers, { restartPolicy: "Always" }, { name: `p${index}` });
    objects.set(index, pod);
    bench.add(pod);
  }
  bench.source$.next({ type: "synced" });
  const play = async (each: Move): Promise<void> => {
    const pod = "which" in each ? objects.get(each.which) : undefined;
    if (each.do === "letGo") machine.letGo();
    else if (each.do === "answer") api.letGo();
    else if (each.do === "refuse") api.refuse();
    else if (each.do === "exit") bench.containers[each.which]?.exit(each.code);
    else if (each.do === "wait") await bench.clock.advance(each.ms);
    else if (each.do === "gone" && pod !== undefined) {
      objects.delete(each.which);
      bench.remove(pod, 0);
    } else if (each.do === "delete" && pod !== undefined) {
      const deletion = { deletionTimestamp: bench.clock.now(), deletionGracePeriodSeconds: 30 };
      const deleted: V1Pod = { metadata: Object.assign({}, pod.metadata, deletion), spec: pod.spec };
      objects.set(each.which, deleted);
      bench.source$.next({ type: "updated", pod: deleted });
    }
    await turn();
  };
  return { bench, machine, api, play };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const numRuns = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 60);
const moves = fc.array(move, { minLength: 5, maxLength: 60, size: "max" });

it("stops in whatever moment, though the API server never answers again", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (before) => {
      const node = await openNode();
      const { bench, machine } = node;
      for (const each of before) await node.play(each);
      let stopped = false;
      const stopping = bench.kubelet[Symbol.asyncDispose]().then(() => (stopped = true));
      // What the machine does ends some time; no clock goes on for it.
      machine.openAll();
      await eventually(
        () => stopped,
        () => `it does not stop: ${bench.ledger.log.join(" ")}`,
      );
      await stopping;
      expect([...bench.ledger.held.keys()].filter((what) => what.startsWith("container"))).toStrictEqual([]);
      expect(bench.ledger.mistakes).toStrictEqual([]);
      await bench[Symbol.asyncDispose]();
    }),
    { seed: 20_261_130, numRuns },
  );
});

it(
  "goes down in its time, in whatever moment and whoever does not answer",
  { timeout: 600_000 },
  async () => {
    const [graceSeconds, statusSeconds] = [10, 5];
    await fc.assert(
      fc.asyncProperty(moves, fc.boolean(), async (before, stubborn) => {
        const node = await openNode();
        const { bench, machine } = node;
        for (const each of before) await node.play(each);
        for (const container of bench.containers) container.stubborn = stubborn;
        let isDown = false;
        const periods = [{ priority: 0, shutdownGracePeriodSeconds: graceSeconds }];
        const down = bench.kubelet.shutDown(periods).then(() => (isDown = true));
        machine.openAll();
        for (let seconds = 0; seconds <= graceSeconds + statusSeconds; seconds += 1)
          await bench.clock.advance(1000);
        expect(isDown).toBe(true);
        await down;
        await bench[Symbol.asyncDispose]();
        expect([...bench.ledger.held.keys()].filter((what) => what.startsWith("container"))).toStrictEqual(
          [],
        );
      }),
      { seed: 20_261_130, numRuns },
    );
  },
);
