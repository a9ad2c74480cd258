import { describe, expect, it } from "vitest";

import { podRequestsOf } from "../src/index.ts";
import type { AdmissionContainer } from "../src/index.ts";
import { containerOf, podOf } from "./pods.ts";

const cpu = (amount: string, more: Partial<AdmissionContainer> = {}): AdmissionContainer =>
  containerOf({ cpu: amount }, more);
const sidecar = (amount: string): AdmissionContainer => cpu(amount, { restartPolicy: "Always" });
const cores = (pod: ReturnType<typeof podOf>): number => Number(podRequestsOf(pod).get("cpu") ?? 0n) / 1e9;

describe("podRequestsOf", () => {
  it.each([
    ["the sum of the containers", [cpu("1"), cpu("500m")], [], 1.5],
    ["the greediest init container, where that is more", [cpu("1")], [cpu("3"), cpu("2")], 3],
    ["sidecars beside the containers", [cpu("1")], [sidecar("2")], 3],
    ["an init container beside the sidecars before it", [cpu("1")], [sidecar("2"), cpu("4")], 6],
    ["and not beside those after it", [cpu("1")], [cpu("4"), sidecar("2")], 4],
  ])("is %s", (_what, containers, initContainers, expected) => {
    expect(cores(podOf({ containers, initContainers }))).toBe(expected);
  });

  it("is the Pod's own, where it has any, and its overhead on top", () => {
    const pod = podOf({
      containers: [containerOf({ cpu: "4", "ephemeral-storage": "1" })],
      resources: { requests: { cpu: "2", "ephemeral-storage": "7" } },
      overhead: { cpu: "250m" },
    });
    expect(cores(pod)).toBe(2.25);
    expect(podRequestsOf(pod).get("ephemeral-storage")).toBe(1_000_000_000n);
  });
});
