import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { readBody } from "../src/read-body.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
setFlagsFromString("--no-expose-gc");

it.each([0, 1, 65_536, 65_537, 300_000])(
  "a body of %i bytes is read whole, however it is cut",
  async (length) => {
    const bytes = Buffer.from(Array.from({ length }, (_, at) => at % 251));
    for (const step of [977, 70_000, 300_001]) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < length; at += step) pieces.push(bytes.subarray(at, at + step));
      expect((await readBody(Readable.from(pieces), length, "it")).equals(bytes)).toBe(true);
    }
  },
);

it("a body that is longer than it may be is not read to its end", async () => {
  const pieces = [Buffer.alloc(70_000), Buffer.alloc(1), Buffer.alloc(70_000)];
  await expect(readBody(Readable.from(pieces), 70_000, "it")).rejects.toMatchObject({
    code: "RegistryProtocol",
    message: "it is longer than 70000 bytes, more than it may be",
  });
});

it("a body in pieces of one byte takes little more memory than itself", async () => {
  const length = 1 << 18;
  const held = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = held();
  let most = 0;
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < length; at += 1) {
      if (at % 65_536 === 0) {
        // What streams hold for a moment is let go of between turns.
        await turn();
        most = Math.max(most, held());
      }
      yield Buffer.from([7]);
    }
    most = Math.max(most, held());
  }
  expect(await readBody(Readable.from(pieces()), length, "it")).toHaveLength(length);
  expect(most - before).toBeLessThan(12e6);
});
