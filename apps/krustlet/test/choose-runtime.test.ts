import { expect, it } from "vitest";

import { chooseRuntime } from "../src/node/choose-runtime.ts";

const node = { runtimeClasses: [], runtimes: ["wasi"], defaultRuntime: "wasi" };

it("a pod that a node can run is run by the runtime of its class", () => {
  const pod = { spec: { containers: [{ name: "main" }] } };
  expect(chooseRuntime({ pod, ...node })).toEqual({ found: "runtime", runtime: "wasi" });
});

it("a pod that asks for what a node does not do waits, and is told for what", () => {
  const pod = { spec: { containers: [{ name: "main" }], resourceClaims: [{ name: "gpu" }] } };
  expect(chooseRuntime({ pod, ...node })).toEqual({
    found: "later",
    message:
      "Failed to create pod sandbox: spec.resourceClaims: dynamic resource allocation is not supported",
  });
});
