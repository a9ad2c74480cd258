import { expect, it } from "vitest";

import { collectGarbage } from "../src/collect-garbage.ts";

it("collects what nobody holds any more", async () => {
  let held: object | undefined = { large: Array.from({ length: 1000 }, () => ({})) };
  const weak = new WeakRef(held);
  held = undefined;
  collectGarbage();
  // A WeakRef that was made in this turn keeps its target until the turn is over.
  await new Promise<void>((resolve) => void setImmediate(resolve));
  collectGarbage();
  expect(weak.deref()).toBeUndefined();
});

it("leaves no collector in contexts that are made later", async () => {
  collectGarbage();
  const { runInNewContext } = await import("node:vm");
  expect(runInNewContext("typeof gc")).toBe("undefined");
});
