import { setImmediate as turn } from "node:timers/promises";

import type { Logger } from "pino";
import { Subject } from "rxjs";
import { expect, it } from "vitest";

import { nodeHost } from "../src/node-host.ts";
import { quietly } from "../src/node/quietly.ts";

it("a rejection that nobody waits for is told to the one who listens, and ends nothing", async () => {
  const before = process.listeners("unhandledRejection");
  const told: unknown[] = [];
  {
    using _ = nodeHost().onRejection((error) => told.push(error));
    void Promise.reject(new Error("nobody waits for this"));
    await turn();
  }
  expect(told).toMatchObject([{ message: "nobody waits for this" }]);
  expect(process.listeners("unhandledRejection")).toStrictEqual(before);
});

it("whoever looks on and fails ends nothing, and sees what comes next", () => {
  const logged: string[] = [];
  const log = { error: (_fields: object, message: string) => logged.push(message) } as unknown as Logger;
  const steps$ = new Subject<number>();
  const seen: number[] = [];
  steps$.subscribe(
    quietly(log, (step) => {
      if (step === 1) throw new Error("nobody expected that");
      seen.push(step);
    }),
  );
  for (const step of [1, 2]) steps$.next(step);
  expect(seen).toStrictEqual([2]);
  expect(logged).toStrictEqual(["what happened cannot be told"]);
});
