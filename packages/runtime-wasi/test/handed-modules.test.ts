import { expect, it } from "vitest";

import { HandedModules } from "../src/handed-modules.ts";
import type { ReadyModule, ToThread } from "../src/protocol.ts";

const moduleOf = (): ReadyModule => ({
  module: new WebAssembly.Module(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0])),
  form: { kind: "too-large" },
});

function handed() {
  const told: string[] = [];
  const post = (message: ToThread): void =>
    void told.push("module" in message ? `${message.type} ${message.module}` : message.type);
  return { told, modules: new HandedModules(post) };
}

it("hands a module over once for all containers of it, and has it forgotten after the last one", () => {
  const { told, modules } = handed();
  const ready = moduleOf();
  const [first, second] = [modules.lease(ready), modules.lease(ready)];
  expect(second.number).toBe(first.number);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(told).toEqual(["module 1"]);
  second[Symbol.dispose]();
  expect(told).toEqual(["module 1", "forget 1"]);
});

it("keeps modules apart, and never gives a number twice", () => {
  const { told, modules } = handed();
  const [one, other] = [moduleOf(), moduleOf()];
  modules.lease(one)[Symbol.dispose]();
  modules.lease(other);
  modules.lease(one);
  expect(told).toEqual(["module 1", "forget 1", "module 2", "module 3"]);
});
