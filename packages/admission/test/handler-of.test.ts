import { describe, expect, it } from "vitest";

import { handlerOf } from "../src/index.ts";
import { podOf } from "./pods.ts";

const node = { runtimes: ["wasi", "wasmer"], defaultRuntime: "wasi" };
const runtimeClasses = [
  { metadata: { name: "fast" }, handler: "wasmer" },
  { metadata: { name: "vm" }, handler: "kata" },
];

describe("handlerOf", () => {
  it("is the default for a Pod that names no class", () => {
    const runtime = { found: "runtime", runtime: "wasi" };
    expect(handlerOf({ pod: podOf(), runtimeClasses, ...node })).toEqual(runtime);
    expect(handlerOf({ pod: podOf({ runtimeClassName: "" }), ...node })).toEqual(runtime);
  });

  it("is the handler of the class that the Pod names", () => {
    const pod = podOf({ runtimeClassName: "fast" });
    expect(handlerOf({ pod, runtimeClasses, ...node })).toEqual({ found: "runtime", runtime: "wasmer" });
  });

  it("is the class itself where there is no API server", () => {
    const pod = podOf({ runtimeClassName: "wasmer" });
    expect(handlerOf({ pod, ...node })).toEqual({ found: "runtime", runtime: "wasmer" });
    expect(handlerOf({ pod: podOf({ runtimeClassName: "runc" }), ...node })).toEqual({
      found: "nothing",
      reason: "RuntimeHandlerNotFound",
      message: 'pod shop/web: spec.runtimeClassName "runc" is none that this node knows (wasi, wasmer)',
    });
  });

  it("may come later where the class is not there yet, even if it is called like a runtime", () => {
    const pod = podOf({ runtimeClassName: "wasmer" });
    expect(handlerOf({ pod, runtimeClasses, ...node })).toEqual({
      found: "later",
      message: 'Failed to create pod sandbox: runtimeclass.node.k8s.io "wasmer" not found',
    });
  });

  it("keeps the pod waiting, and says why, where the node has no such runtime", () => {
    const pod = podOf({ runtimeClassName: "vm" });
    expect(handlerOf({ pod, runtimeClasses, ...node })).toEqual({
      found: "later",
      message:
        'Failed to create pod sandbox: the handler "kata" of RuntimeClass "vm" is none that this node has (wasi, wasmer)',
    });
  });
});
