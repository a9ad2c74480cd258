import * as fc from "fast-check";
import { expect, it } from "vitest";

import { openBench, podOf } from "./fakes.ts";
import type { Bench } from "./fakes.ts";

/** What may happen next to the pod under test. */
type Move =
  | { readonly do: "letGo" }
  | { readonly do: "fail" }
  | { readonly do: "exit"; readonly which: number; readonly code: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "remove"; readonly grace: number | undefined }
  | { readonly do: "setClock"; readonly hours: number }
  | { readonly do: "turn" };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "letGo" } as const) },
  { weight: 1, arbitrary: fc.constant({ do: "fail" } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("exit" as const),
      which: fc.nat(3),
      code: fc.constantFrom(0, 0, 1, 137),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 10_000, 300_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("remove" as const), grace: fc.constantFrom(undefined, 0, 1, 30) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("setClock" as const), hours: fc.constantFrom(-2, 2) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "turn" } as const) },
);

const pods = fc.record({
  restartPolicy: fc.constantFrom("Always", "OnFailure", "Never"),
  inits: fc.nat(2),
  containers: fc.integer({ min: 1, max: 3 }),
  stubborn: fc.boolean(),
});

/** Effects that stand still until the order of moves lets one of them go on. */
class Held {
  readonly #waiting: { resolve(): void; reject(error: Error): void }[] = [];
  open = false;

  readonly gate = (): Promise<void> | void => {
    if (this.open) return;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  };

  letGo(): void {
    this.#waiting.shift()?.resolve();
  }

  fail(): void {
    this.#waiting.shift()?.reject(new Error("by chance"));
  }

  openAll(): void {
    this.open = true;
    while (this.#waiting.length > 0) this.letGo();
  }
}

async function play(
  bench: Bench,
  held: Held,
  each: Move,
  remove: (grace: number | undefined) => void,
): Promise<void> {
  switch (each.do) {
    case "letGo":
      held.letGo();
      break;
    case "fail":
      held.fail();
      break;
    case "exit":
      bench.containers[each.which]?.exit(each.code);
      break;
    case "wait":
      await bench.clock.advance(each.ms);
      break;
    case "setClock":
      bench.clock.set(each.hours * 3_600_000);
      break;
    case "remove":
      remove(each.grace);
      break;
    case "turn":
      break;
  }
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

const runs = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 60);

it(
  "leaves nothing held and begins nothing twice, whatever happens in whatever order",
  { timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(pods, fc.array(move, { maxLength: 40 }), async (shape, moves) => {
        await using bench = await openBench();
        const held = new Held();
        bench.gate = held.gate;
        const names = (prefix: string, count: number): { name: string; image: string }[] =>
          Array.from({ length: count }, (_, index) => ({
            name: `${prefix}${index}`,
            image: `${prefix}${index}:v1`,
          }));
        const pod = podOf(names("c", shape.containers), {
          restartPolicy: shape.restartPolicy,
          initContainers: names("i", shape.inits),
        });
        bench.add(pod);
        for (const each of moves) {
          for (const container of bench.containers) container.stubborn = shape.stubborn;
          await play(bench, held, each, (grace) => bench.remove(pod, grace));
        }
        held.openAll();
        bench.remove(pod, 1);
        // Time goes on in small steps, so that the disk's answers come in between.
        for (const giveUp = performance.now() + 10_000; bench.state !== "Gone";) {
          if (performance.now() > giveUp)
            throw new Error(`no end: ${bench.state}; ${bench.ledger.log.join(" ")}`);
          await bench.clock.advance(500);
        }
        expect([...bench.ledger.held.keys()]).toStrictEqual([]);
        expect(bench.ledger.mistakes).toStrictEqual([]);
        const order = bench.steps.map(({ state }) => state.name);
        const rank = ["Registered", "Mounting", "Running", "Terminating", "Unmounting", "Finished", "Gone"];
        expect(order.map((name) => rank.indexOf(name))).toStrictEqual(
          order.map((name) => rank.indexOf(name)).toSorted((a, b) => a - b),
        );
      }),
      { seed: 20_261_122, numRuns: runs },
    );
  },
);
