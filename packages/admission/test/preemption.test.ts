import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { admissionOf } from "../src/index.ts";
import type { AdmissionNode, AdmissionPod, Rejection, ResourceAmounts } from "../src/index.ts";
import { containerOf, nodeOf, podOf } from "./pods.ts";

const CRITICAL = 2_000_000_000;

function critical(
  requests: ResourceAmounts,
  more: Partial<AdmissionPod["spec"] & object> = {},
): AdmissionPod {
  return podOf({ priority: CRITICAL, containers: [containerOf(requests)], ...more });
}

/** A pod that is there. */
function running(
  name: string,
  requests: ResourceAmounts = {},
  { qosClass = "Burstable", priority = 0, annotations = {} } = {},
): AdmissionPod {
  return {
    ...podOf({ containers: [containerOf(requests)], priority }, { uid: name, name, annotations }),
    status: { qosClass },
  };
}

function admit(pod: AdmissionPod, activePods: readonly AdmissionPod[], node: AdmissionNode = nodeOf()) {
  return admissionOf({ pod, node, activePods });
}

function victims(rejection: Rejection | undefined): readonly string[] | undefined {
  return rejection?.preempts?.map(({ metadata }) => metadata?.name ?? "").toSorted();
}

describe("a critical pod for which there is no room", () => {
  it("has others end first, and only so many as it takes", () => {
    const active = [running("small", { cpu: "500m" }), running("large", { cpu: "3" })];
    const rejection = admit(critical({ cpu: "1500m" }), active);
    expect(rejection?.reason).toBe("OutOfcpu");
    expect(victims(rejection)).toEqual(["large"]);
    expect(victims(admit(critical({ cpu: "800m" }), active))).toEqual(["small"]);
    expect(victims(admit(critical({ cpu: "4" }), active))).toEqual(["large", "small"]);
    expect(admit(critical({ cpu: "500m" }), active)).toBeUndefined();
  });

  it("is a static pod as well, whatever its priority", () => {
    const pod = podOf(
      { containers: [containerOf({ cpu: "4" })] },
      { annotations: { "kubernetes.io/config.source": "file" } },
    );
    expect(victims(admit(pod, [running("a", { cpu: "1" })]))).toEqual(["a"]);
  });

  it("and no other has anybody end", () => {
    const rejection = admit(podOf({ priority: 1_000_000_000, containers: [containerOf({ cpu: "4" })] }), [
      running("a", { cpu: "1" }),
    ]);
    expect(rejection).toEqual({
      reason: "OutOfcpu",
      message: "Node didn't have enough resource: cpu, requested: 4000, used: 1000, capacity: 4000",
    });
  });

  it("spares other critical pods, unless they are of lower priority", () => {
    const peer = running("peer", { cpu: "1" }, { priority: CRITICAL });
    const lesser = running("lesser", { cpu: "1" }, { priority: CRITICAL });
    expect(admit(critical({ cpu: "4" }), [peer])).toEqual({
      reason: "UnexpectedAdmissionError",
      message:
        "Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods " +
        "to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]",
    });
    const greater = critical({ cpu: "4" }, { priority: CRITICAL + 1000 });
    expect(victims(admit(greater, [lesser]))).toEqual(["lesser"]);
  });

  it("takes the place of pods that asked for nothing before that of others", () => {
    const node = nodeOf({ status: { allocatable: { pods: "3" } } });
    const active = [
      running("guaranteed", { cpu: "1" }, { qosClass: "Guaranteed" }),
      running("burstable", { cpu: "1" }),
      running("best-effort", {}, { qosClass: "BestEffort" }),
    ];
    const rejection = admit(critical({}), active, node);
    expect(rejection?.reason).toBe("OutOfpods");
    expect(victims(rejection)).toEqual(["best-effort"]);
    expect(victims(admit(critical({ cpu: "3" }), active, node))).toEqual(["burstable"]);
  });

  it("takes a guaranteed pod's place only where all others are not enough", () => {
    const active = [
      running("guaranteed", { cpu: "2" }, { qosClass: "Guaranteed" }),
      running("burstable", { cpu: "2" }),
    ];
    expect(victims(admit(critical({ cpu: "2" }), active))).toEqual(["burstable"]);
    expect(victims(admit(critical({ cpu: "3" }), active))).toEqual(["burstable", "guaranteed"]);
  });

  it("is refused, and nobody ends, where something else is against it", () => {
    const elsewhere = critical({ cpu: "4" }, { nodeSelector: { zone: "a" } });
    const rejection = admit(elsewhere, [running("a", { cpu: "1" })]);
    expect(rejection).toMatchObject({ reason: "NodeAffinity" });
    expect(rejection?.preempts).toBeUndefined();
  });

  it("is refused where the node is too small for it alone", () => {
    expect(admit(critical({ cpu: "5" }), [running("a", { cpu: "1" })])).toMatchObject({
      reason: "UnexpectedAdmissionError",
      message: expect.stringContaining("[(res: cpu, q: 1000), ]"),
    });
  });

  it("fits when those that it names have ended, whoever else is there", () => {
    const amounts = fc.record({
      cpu: fc.nat(3000).map((milli) => `${milli}m`),
      memory: fc.nat(2 ** 29).map(String),
    });
    const other = fc
      .record({
        amounts,
        qosClass: fc.constantFrom("BestEffort", "Burstable", "Guaranteed"),
        priority: fc.constantFrom(0, 1000, CRITICAL, CRITICAL + 1),
      })
      .map(({ amounts: requests, ...more }) => ({ requests, more }));
    const most = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(amounts, fc.array(other, { maxLength: 6 }), most, (requests, others, pods) => {
        const node = nodeOf({ status: { allocatable: { pods: String(pods) } } });
        const active = others.map(({ requests: its, more }, index) => running(`p${index}`, its, more));
        const pod = critical(requests);
        const rejection = admit(pod, active, node);
        const preempts = rejection?.preempts ?? [];
        const spared = active.filter((each) => !preempts.includes(each));
        const fits = admit(pod, spared, node) === undefined;
        // Nobody ends in vain: either that makes room, or nobody does.
        expect(fits || (preempts.length === 0 && rejection?.reason === "UnexpectedAdmissionError")).toBe(
          true,
        );
        expect(preempts.every(({ spec }) => (spec?.priority ?? 0) < CRITICAL)).toBe(true);
        expect(rejection === undefined || fits === preempts.length > 0).toBe(true);
      }),
      { seed: 17, numRuns: 300 },
    );
  });
});
