import { pullPolicyOf } from "@krustlet/pod-machine";
import { expect, it } from "vitest";

it.each([
  ["app", "Always"],
  ["app:latest", "Always"],
  ["registry.example:5000/app", "Always"],
  ["app:latest@sha256:0", "Always"],
  ["app:v1", "IfNotPresent"],
  ["registry.example:5000/app:v1", "IfNotPresent"],
  ["app@sha256:0", "IfNotPresent"],
])("the policy of %s is %s, unless another one is written", (image, policy) => {
  expect(pullPolicyOf(undefined, image)).toBe(policy);
  expect(pullPolicyOf("Never", image)).toBe("Never");
  expect(pullPolicyOf("sometimes", image)).toBe(policy);
});
