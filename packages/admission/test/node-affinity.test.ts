import { describe, expect, it } from "vitest";

import { admissionOf } from "../src/index.ts";
import type { SelectorTerm } from "../src/index.ts";
import { nodeOf, podOf } from "./pods.ts";

const node = nodeOf({ metadata: { labels: { zone: "a", cores: "8", empty: "" } } });
const matches = (...nodeSelectorTerms: SelectorTerm[]): boolean =>
  admissionOf({
    pod: podOf({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    }),
    node,
    activePods: [],
  }) === undefined;
const label = (key: string, operator: string, ...values: string[]): SelectorTerm => ({
  matchExpressions: [{ key, operator, values }],
});
const field = (operator: string, ...values: string[]): SelectorTerm => ({
  matchFields: [{ key: "metadata.name", operator, values }],
});

describe("required node affinity", () => {
  it.each([
    [label("zone", "In", "a", "b"), true],
    [label("zone", "In", "b"), false],
    [label("none", "In", ""), false],
    [label("zone", "NotIn", "b"), true],
    [label("none", "NotIn", "b"), true],
    [label("zone", "NotIn", "a"), false],
    [label("empty", "Exists"), true],
    [label("toString", "Exists"), false],
    [label("none", "DoesNotExist"), true],
    [label("zone", "DoesNotExist"), false],
    [label("cores", "Gt", "7"), true],
    [label("cores", "Gt", "8"), false],
    [label("cores", "Lt", "9"), true],
    [label("zone", "Gt", "1"), false],
    [label("none", "Lt", "1"), false],
    [field("In", "n1"), true],
    [field("In", "n2"), false],
    [field("NotIn", "n2"), true],
    [{ ...label("zone", "In", "a"), ...field("In", "n2") }, false],
  ])("%j matches: %s", (term, expected) => {
    expect(matches(term)).toBe(expected);
  });

  it("is met by one term of several, and by no term that makes no sense", () => {
    expect(matches(label("zone", "In", "b"), label("zone", "In", "a"))).toBe(true);
    expect(matches()).toBe(false);
    expect(matches({})).toBe(false);
    for (const senseless of [
      label("zone", "In"),
      label("zone", "Exists", "a"),
      label("cores", "Gt", "7", "8"),
      label("cores", "Gt", "seven"),
      label("zone", "Near", "a"),
      field("Exists"),
      field("In", "n1", "n2"),
    ]) {
      expect(matches(senseless)).toBe(false);
      expect(matches(senseless, label("zone", "In", "a"))).toBe(true);
    }
  });

  it("goes together with nodeSelector", () => {
    const pod = podOf({ nodeSelector: { zone: "a", cores: "8" } });
    expect(admissionOf({ pod, node, activePods: [] })).toBeUndefined();
    const other = podOf({ nodeSelector: { zone: "a", cores: "9" } });
    expect(admissionOf({ pod: other, node, activePods: [] })?.reason).toBe("NodeAffinity");
  });
});
