import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankForEviction } from "../src/index.ts";
import type { EvictionCandidate, StarvedResource } from "../src/index.ts";

interface Named extends EvictionCandidate {
  readonly name: string;
}

function pod(
  name: string,
  {
    priority = 0,
    memory = 0,
    storage = 0,
    inodes = 0,
    asksMemory = 0,
    asksStorage = 0,
    measured = true,
  } = {},
): Named {
  return {
    name,
    pod: { metadata: { name }, spec: { containers: [{ name: "main" }], priority } },
    requests: { memory: asksMemory, "ephemeral-storage": asksStorage },
    use: measured
      ? {
          containers: [{ name: "main", memoryBytes: memory, storageBytes: 0 }],
          storageBytes: storage,
          inodes,
        }
      : undefined,
  };
}

function order(pods: readonly Named[], resource: StarvedResource): readonly string[] {
  return rankForEviction(pods, resource).map(({ name }) => name);
}

describe("for want of memory", () => {
  it("pods go first that use more than they asked for, whatever their priority", () => {
    const modest = pod("modest", { memory: 100, asksMemory: 200, priority: -5 });
    const greedy = pod("greedy", { memory: 11, asksMemory: 10, priority: 1000 });
    expect(order([modest, greedy], "memory")).toEqual(["greedy", "modest"]);
  });

  it("those of lower priority go before those that use more", () => {
    const low = pod("low", { memory: 1, priority: 1 });
    const large = pod("large", { memory: 1000, priority: 2 });
    expect(order([large, low], "memory")).toEqual(["low", "large"]);
  });

  it("of equal priority, those go first that use most beyond what they asked for", () => {
    const large = pod("large", { memory: 1000, asksMemory: 900 });
    const beyond = pod("beyond", { memory: 300, asksMemory: 100 });
    expect(order([large, beyond], "memory")).toEqual(["beyond", "large"]);
  });

  it("what cannot be measured goes first", () => {
    const unknown = pod("unknown", { measured: false, priority: 9 });
    expect(order([pod("known", { memory: 5 }), unknown], "memory")).toEqual(["unknown", "known"]);
  });
});

describe("for want of disk", () => {
  it("what pods have written counts, against what they asked for of it", () => {
    const writer = pod("writer", { storage: 500, memory: 1 });
    const asked = pod("asked", { storage: 600, asksStorage: 700 });
    const idle = pod("idle", { memory: 10_000, priority: -1 });
    expect(order([asked, idle, writer], "ephemeral-storage")).toEqual(["writer", "idle", "asked"]);
  });

  it("a tree that is too deep to be measured counts as endless", () => {
    const deep = pod("deep", { storage: Number.POSITIVE_INFINITY, inodes: Number.POSITIVE_INFINITY });
    expect(order([pod("large", { storage: 2 ** 40, inodes: 10 }), deep], "ephemeral-storage")[0]).toBe(
      "deep",
    );
    expect(order([pod("large", { inodes: 2 ** 30 }), deep], "inodes")[0]).toBe("deep");
  });

  it("their files count where inodes are short", () => {
    const large = pod("large", { storage: 500, inodes: 2 });
    const many = pod("many", { storage: 5, inodes: 90 });
    expect(order([large, many], "inodes")).toEqual(["many", "large"]);
  });
});

describe("for want of processes", () => {
  it("priority alone counts, since guests are none", () => {
    const low = pod("low", { priority: -1 });
    const large = pod("large", { memory: 1000, storage: 1000, inodes: 1000 });
    expect(order([large, low], "pids")).toEqual(["low", "large"]);
  });
});

describe("any pods", () => {
  const amount = fc.integer({ min: 0, max: 5 });
  const anyPod = fc
    .record({
      priority: fc.integer({ min: -2, max: 2 }),
      memory: amount,
      storage: fc.oneof(amount, fc.constant(Number.POSITIVE_INFINITY)),
      inodes: amount,
      asksMemory: amount,
      asksStorage: amount,
      measured: fc.boolean(),
    })
    .map((init) => pod("", init));
  const resource = fc.constantFrom<StarvedResource>("memory", "ephemeral-storage", "inodes", "pids");

  it("are all ranked once, and the order is the same however they come", () => {
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 12 }), resource, (pods, starved) => {
        const ranked = rankForEviction(pods, starved);
        expect(new Set(ranked)).toEqual(new Set(pods));
        expect(ranked).toHaveLength(pods.length);
        // Those that are alike may change places; what they are must not.
        const kinds = (list: readonly Named[]): readonly string[] =>
          list.map((each) => standing(each, starved));
        expect(kinds(rankForEviction(pods.toReversed(), starved))).toEqual(kinds(ranked));
        expect(rankForEviction(ranked, starved)).toEqual(ranked);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it("never go before one that uses more than it asked for while they do not", () => {
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 12 }), (pods) => {
        const exceeds = rankForEviction(pods, "memory").map(
          ({ use, requests }) =>
            use === undefined ||
            use.containers.reduce((sum, each) => sum + each.memoryBytes, 0) > requests.memory,
        );
        expect(exceeds).toEqual(exceeds.toSorted((a, b) => Number(b) - Number(a)));
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  function standing({ pod: { spec }, use, requests }: Named, starved: StarvedResource): string {
    if (starved === "pids") return String(spec?.priority);
    if (use === undefined) return "unknown";
    const used = {
      memory: use.containers[0]!.memoryBytes - requests.memory,
      "ephemeral-storage": use.storageBytes - requests["ephemeral-storage"],
      inodes: use.inodes,
    }[starved];
    return `${spec?.priority} ${used}`;
  }
});
