import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { admissionOf, handlerOf } from "../src/index.ts";
import type { AdmissionContainer, AdmissionInit, AdmissionPod } from "../src/index.ts";
import { nodeOf } from "./pods.ts";

const seed = { seed: 20261124, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 300) };
const requests = fc.record({
  cpu: fc.nat(5000).map((milli) => `${milli}m`),
  memory: fc.nat(2 ** 31).map(String),
});
const container: fc.Arbitrary<AdmissionContainer> = fc.record(
  {
    name: fc.constantFrom("a", "b"),
    resources: fc.record({ requests }),
    restartPolicy: fc.constantFrom("Always", "Never"),
    ports: fc.array(fc.record({ hostPort: fc.integer({ min: 80, max: 90 }) }), { maxLength: 2 }),
  },
  { requiredKeys: ["name"] },
);
const pod: fc.Arbitrary<AdmissionPod> = fc.record({
  metadata: fc.record({ uid: fc.uuid() }),
  spec: fc.record({
    containers: fc.array(container, { minLength: 1, maxLength: 3 }),
    initContainers: fc.array(container, { maxLength: 3 }),
  }),
});
const node = fc
  .record({ cpu: fc.nat(20_000).map((milli) => `${milli}m`), memory: fc.nat(2 ** 33).map(String) })
  .map((allocatable) => nodeOf({ status: { allocatable: { ...allocatable, pods: "6" } } }));

/** Whatever may stand where a Pod should: the shape is right here and there, and anything below it. */
const hostile = fc.letrec<{ pod: unknown; spec: unknown }>((tie) => {
  const junk = fc.oneof(fc.anything({ maxDepth: 3 }), fc.constant({ __proto__: null, length: -1 }));
  const some = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
    fc.oneof(
      { weight: 1, arbitrary: junk },
      { weight: 9, arbitrary: fc.record(model, { requiredKeys: [] }) },
    );
  return {
    spec: some({
      containers: fc.oneof(junk, fc.array(fc.oneof(container, junk))),
      initContainers: fc.oneof(junk, fc.array(container)),
      tolerations: fc.oneof(junk, fc.array(junk)),
      nodeSelector: junk,
      affinity: some({
        nodeAffinity: some({
          requiredDuringSchedulingIgnoredDuringExecution: some({ nodeSelectorTerms: fc.array(junk) }),
        }),
      }),
      securityContext: some({ sysctls: fc.array(junk), appArmorProfile: junk }),
      overhead: junk,
      resources: junk,
      os: junk,
      runtimeClassName: junk,
    }),
    pod: some({
      metadata: some({ labels: junk, annotations: junk, uid: junk }),
      spec: tie("spec"),
      status: junk,
    }),
  };
}).pod;

describe("properties of admission", () => {
  it("never throws, and what it gives is a reason with a message", () => {
    fc.assert(
      fc.property(
        hostile,
        fc.oneof(hostile, node),
        fc.array(hostile, { maxLength: 2 }),
        (each, on, active) => {
          const init = { pod: each, node: on, activePods: active, shuttingDown: true } as AdmissionInit;
          const rejection = admissionOf(init);
          if (rejection === undefined) return;
          expect(typeof rejection.reason).toBe("string");
          expect(rejection.message).not.toBe("");
        },
      ),
      seed,
    );
  });

  it("a Pod that fits among others fits among fewer of them", () => {
    fc.assert(
      fc.property(pod, node, fc.array(pod, { maxLength: 6 }), fc.nat(5), (each, on, active, index) => {
        if (admissionOf({ pod: each, node: on, activePods: active }) !== undefined) return;
        const activePods = active.toSpliced(index, 1);
        expect(admissionOf({ pod: each, node: on, activePods })).toBeUndefined();
      }),
      seed,
    );
  });

  it("a Pod that is refused for want of something is refused as well when it asks for more", () => {
    fc.assert(
      fc.property(pod, node, requests, (each, on, more) => {
        const before = admissionOf({ pod: each, node: on, activePods: [] });
        if (before === undefined) return;
        const greedy = {
          ...each,
          spec: {
            ...each.spec,
            containers: [...(each.spec?.containers ?? []), { name: "more", resources: { requests: more } }],
          },
        };
        expect(admissionOf({ pod: greedy, node: on, activePods: [] })?.reason).toMatch(/^OutOf/);
      }),
      seed,
    );
  });

  it("depends on no order of the other pods", () => {
    fc.assert(
      fc.property(pod, node, fc.array(pod, { maxLength: 6 }), (each, on, active) => {
        const reversed = active.toReversed();
        expect(admissionOf({ pod: each, node: on, activePods: reversed })).toEqual(
          admissionOf({ pod: each, node: on, activePods: active }),
        );
      }),
      seed,
    );
  });

  it("handlerOf finds a runtime that the node has, whatever the names", () => {
    const name = fc.oneof(fc.constantFrom("wasi", "__proto__", "toString", ""), fc.string());
    const classes = fc.array(fc.record({ metadata: fc.record({ name }), handler: name }));
    fc.assert(
      fc.property(name, fc.option(classes, { nil: undefined }), (runtimeClassName, runtimeClasses) => {
        const each = { spec: { containers: [], runtimeClassName } };
        const found = handlerOf({ pod: each, runtimeClasses, runtimes: ["wasi"], defaultRuntime: "wasi" });
        const told = found.found === "runtime" ? found.runtime : found.message;
        const expected = found.found === "runtime" ? "wasi" : JSON.stringify(runtimeClassName);
        expect(told).toContain(expected);
      }),
      seed,
    );
  });
});
