import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planCollection } from "../src/index.ts";
import type { CollectableImage } from "../src/index.ts";
import { DEFAULT_COLLECTION } from "../src/plan-collection.ts";

const NOW = new Date("2026-01-10T00:00:00Z");
const HOUR = 3_600_000;

function image(
  name: string,
  hoursUnused: number,
  size: number,
  more: Partial<CollectableImage> = {},
): CollectableImage {
  const at = new Date(NOW.getTime() - hoursUnused * HOUR);
  return { name, lastUsedAt: at, pulledAt: at, inUse: false, contents: [{ id: name, size }], ...more };
}

const disk = (percentUsed: number) => ({ capacity: 1000, available: 1000 - percentUsed * 10 });

describe("planning a collection", () => {
  const images = [image("old", 30, 40), image("older", 50, 30), image("new", 1, 500)];

  it("leaves a disk alone that is not full", () => {
    expect(planCollection(images, disk(84), NOW)).toEqual({ remove: [], frees: 0, missing: 0 });
  });

  it("frees down to the low threshold, least recently used first", () => {
    expect(planCollection(images, disk(85), NOW)).toEqual({
      remove: ["older", "old"],
      frees: 70,
      missing: 0,
    });
  });

  it("keeps what is in use or younger than two minutes, and says what is missing", () => {
    const kept = [
      image("running", 50, 500, { inUse: true }),
      image("fresh", 1 / 60, 500),
      image("just pulled", 50, 500, { pulledAt: NOW }),
    ];
    expect(planCollection(kept, disk(90), NOW)).toEqual({ remove: [], frees: 0, missing: 100 });
  });

  it("removes what has not been used for the maximum age, however empty the disk is", () => {
    const policy = { ...DEFAULT_COLLECTION, maxAge: 40 * HOUR };
    expect(planCollection(images, disk(10), NOW, policy).remove).toEqual(["older"]);
  });

  it("counts content that another image needs as freeing nothing", () => {
    const shared = { id: "shared", size: 100 };
    const both = [
      image("a", 30, 0, { contents: [shared] }),
      image("b", 20, 0, { contents: [shared, { id: "b", size: 60 }] }),
      image("c", 10, 0, { contents: [{ id: "c", size: 500 }] }),
    ];
    expect(planCollection(both, disk(85), NOW)).toEqual({ remove: ["a", "b"], frees: 160, missing: 0 });
  });

  it("never removes what it must keep, never more than it needs, and always enough if there is enough", () => {
    const anyImage = fc.record({
      hours: fc.integer({ min: 0, max: 100 }),
      inUse: fc.boolean(),
      ids: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 4 }),
    });
    const property = fc.property(
      fc.array(anyImage, { maxLength: 12 }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 80 }),
      (drawn, used, maxHours) => {
        const all = drawn.map(({ hours, inUse, ids }, at) =>
          image(`${at}`, hours, 0, { inUse, contents: ids.map((id) => ({ id: `${id}`, size: 10 + id })) }),
        );
        const policy = { ...DEFAULT_COLLECTION, maxAge: maxHours * HOUR };
        const plan = planCollection(all, disk(used), NOW, policy);
        const goal = used >= 85 ? (used - 80) * 10 : 0;
        const removed = all.filter(({ name }) => plan.remove.includes(name));
        const kept = all.filter(({ name }) => !plan.remove.includes(name));
        expect(removed.some(({ inUse }) => inUse)).toBe(false);
        expect(removed.every(({ lastUsedAt }) => NOW.getTime() - lastUsedAt.getTime() >= 120_000)).toBe(true);
        // What it says it frees is what nothing that stays needs.
        const sizes = (list: readonly CollectableImage[]) =>
          new Map(list.flatMap(({ contents }) => contents.map(({ id, size }) => [id, size] as const)));
        const stays = sizes(kept);
        const freed = [...sizes(removed)]
          .filter(([id]) => !stays.has(id))
          .reduce((sum, [, size]) => sum + size, 0);
        expect(plan.frees).toBe(freed);
        expect(plan.missing).toBe(Math.max(0, goal - freed));
        const tooOld = (i: CollectableImage) =>
          maxHours > 0 && NOW.getTime() - i.lastUsedAt.getTime() > maxHours * HOUR;
        // Nothing of use was left while something was missing, and nothing went without a reason.
        const free = kept.filter((i) => !i.inUse && NOW.getTime() - i.lastUsedAt.getTime() >= 120_000);
        expect(plan.missing > 0 ? free : []).toEqual([]);
        expect(free.some(tooOld)).toBe(false);
        expect(goal > 0 || removed.every(tooOld)).toBe(true);
      },
    );
    fc.assert(property, { seed: 1, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 500) });
  });
});
