import { encodeLeb, encodeModule, encodeSection, encodeVector } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";
import { TypeLedger } from "../src/type-ledger.ts";

function moduleOf(types: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return encodeModule(encodeSection(1, encodeVector(types)));
}

/** Function types that no other numbers give. */
function distinct(count: number, from = 0): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const digits = Array.from((from + index).toString(4), (digit) => 0x7f - Number(digit));
    return [0x60, ...encodeVector(digits.map((digit) => [digit])), 0];
  });
}

describe("TypeLedger", () => {
  it("counts the types of modules once, whichever module brings them", () => {
    const ledger = new TypeLedger(10);
    ledger.take(moduleOf(distinct(6)), "first");
    ledger.take(moduleOf([...distinct(6), ...distinct(6)]), "second");
    ledger.take(moduleOf(distinct(4, 4)), "third");
    expect(() => ledger.take(moduleOf(distinct(3, 10)), "fourth")).toThrow(
      "fourth was not compiled: it brings 3 new types to the 8 that this process knows, and 10 are the most",
    );
    // What was refused has taken nothing.
    ledger.take(moduleOf(distinct(2, 10)), "fifth");
    expect(() => ledger.take(moduleOf(distinct(1, 12)), "sixth")).toThrow("and 10 are the most");
    ledger.take(moduleOf([...distinct(2, 10), ...distinct(8)]), "seventh");
  });

  it("compares references by what they go to", () => {
    const ledger = new TypeLedger(5);
    const list = [0x5f, 2, 0x7f, 0, 0x63, 0, 1];
    const other = [0x5f, 2, 0x7e, 0, 0x63, 0, 1];
    ledger.take(moduleOf([list, [0x5e, 0x64, 0, 0]]), "a list and an array of it");
    ledger.take(
      moduleOf([
        [0x60, 0, 0],
        [0x5f, 2, 0x7f, 0, 0x63, 1, 1],
        [0x5e, 0x64, 1, 0],
      ]),
      "the same, moved",
    );
    ledger.take(moduleOf([other, [0x5e, 0x64, 0, 0]]), "others");
    expect(() => ledger.take(moduleOf([[0x5e, 0x7f, 0]]), "one more")).toThrow("1 new types to the 5");
  });

  it("leaves the last half to modules with few new types", () => {
    const ledger = new TypeLedger(4000);
    ledger.take(moduleOf(distinct(1900)), "many");
    expect(() => ledger.take(moduleOf(distinct(1001, 1900)), "many more")).toThrow("and 2000 are the most");
    ledger.take(moduleOf(distinct(1000, 1900)), "few");
  });

  it("refuses types that no program needs, and takes none of them", () => {
    const ledger = new TypeLedger();
    expect(() => ledger.take(moduleOf(distinct(20_001)), "one")).toThrow("one has more than 20000 types");
    const long = [0x60, ...encodeLeb(1000), ...Array.from({ length: 1000 }, () => 0x7f), 0];
    const wide = moduleOf(Array.from({ length: 1100 }, () => long));
    expect(() => ledger.take(wide, "one")).toThrow("bytes of types, which no program needs");
    const strict = new TypeLedger(1);
    expect(() => strict.take(moduleOf(distinct(2)), "two")).toThrow("2 new types to the 0");
  });

  it("counts what can be read of a module that is broken, as the engine knows it by then", () => {
    const ledger = new TypeLedger(1);
    const whole = moduleOf(distinct(3));
    expect(() => ledger.take(whole.subarray(0, whole.length - 2), "cut")).toThrow("2 new types");
    expect(() => ledger.take(moduleOf([...distinct(2), [0x20]]), "odd")).toThrow("2 new types");
    ledger.take(Uint8Array.of(1, 2, 3), "nothing");
  });
});
