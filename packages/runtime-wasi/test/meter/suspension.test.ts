import { encodeLeb, encodeText } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";
import { meterModule } from "../../src/meter/meter-module.ts";
import { build, exported } from "./build-binary.ts";
import { instantiateMetered } from "./run-guest.ts";

/** What JSPI adds, which TypeScript's library does not know yet. */
interface Jspi {
  readonly Suspending: new (call: () => unknown) => unknown;
  readonly promising: (call: unknown) => (argument: number) => Promise<number>;
}
const { Suspending, promising } = WebAssembly as unknown as Jspi;

/** run(n): calls host.step n times, by recursion inside a loop of one round; gives n. */
const bytes = build({
  types: [
    [0x60, 0, 0],
    [0x60, 1, 0x7f, 1, 0x7f],
  ],
  imports: [[...encodeText("host"), ...encodeText("step"), 0, 0]],
  functions: [
    {
      type: 1,
      code: [
        0x20,
        0,
        0x45,
        0x04,
        0x40,
        0x41,
        0,
        0x0f,
        0x0b,
        0x10,
        0,
        0x20,
        0,
        0x41,
        1,
        0x6b,
        0x10,
        ...encodeLeb(1),
        0x41,
        1,
        0x6a,
      ],
    },
  ],
  exports: [exported("run", 1)],
});

describe("a metered guest on JSPI", () => {
  it("suspends at its checks, so that two guests take turns on one thread", async () => {
    const metered = meterModule(bytes);
    const module = new WebAssembly.Module(metered.bytes);
    const order: string[] = [];
    const start = (name: string): Promise<number> => {
      const host = { step: () => order.push(name) };
      const nextTurn = new Suspending(() => Promise.resolve());
      const { exports, flag } = instantiateMetered(metered, module, { host }, nextTurn);
      flag[0] = 1;
      return promising(exports["run"])(40);
    };
    expect(await Promise.all([start("a"), start("b")])).toEqual([40, 40]);
    expect(order).toHaveLength(80);
    const turns = order.filter((name, at) => name !== order[at - 1]).length;
    expect(turns).toBeGreaterThan(20);
  });
});
