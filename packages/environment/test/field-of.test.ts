import { describe, expect, it } from "vitest";

import { FIELD_PATHS, fieldOf, resourceFieldOf } from "../src/index.ts";

const pod = {
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u-1",
    labels: { b: "2", a: "1" },
    annotations: { note: 'line\n"quoted"\u0001 é \u{1f600} \u00a0', "example.org/x": "y" },
  },
  spec: { containers: [], nodeName: "node-1", serviceAccountName: "robot" },
};
const node = { hostIPs: ["10.0.0.1", "fd00::1"], podIPs: ["127.0.1.1", "::2"] };

describe("fieldOf", () => {
  it.each([
    ["metadata.name", "web"],
    ["metadata.namespace", "shop"],
    ["metadata.uid", "u-1"],
    ["metadata.labels", 'a="1"\nb="2"'],
    ["metadata.labels['a']", "1"],
    ["metadata.labels['none']", ""],
    ["metadata.labels['__proto__']", ""],
    ["metadata.annotations['example.org/x']", "y"],
    ["metadata.labels.a", "1"],
    ["metadata.labels.toString", ""],
    ["metadata.annotations.example.org/x", "y"],
    ["metadata.annotations", 'example.org/x="y"\nnote="line\\n\\"quoted\\"\\x01 é 😀 \\u00a0"'],
    ["spec.nodeName", "node-1"],
    ["spec.serviceAccountName", "robot"],
    ["status.hostIP", "10.0.0.1"],
    ["status.hostIPs", "10.0.0.1,fd00::1"],
    ["status.podIP", "127.0.1.1"],
    ["status.podIPs", "127.0.1.1,::2"],
  ])("gives %s", (path, value) => {
    expect(fieldOf(pod, path, node)).toBe(value);
  });

  it("knows every path that it lists, of an empty Pod too", () => {
    for (const path of FIELD_PATHS) expect(fieldOf({}, path)).toEqual(expect.any(String));
    expect(fieldOf({}, "metadata.namespace")).toBe("default");
    expect(fieldOf({}, "spec.serviceAccountName")).toBe("default");
    expect(fieldOf({}, "spec.nodeName", { nodeName: "here" })).toBe("here");
  });

  it.each(["", "metadata", "metadata.labels.", "status.phase", "metadata.labels['a", "__proto__"])(
    "refuses %j",
    (path) => {
      expect(() => fieldOf(pod, path)).toThrow("is not one that the downward API knows");
    },
  );
});

describe("resourceFieldOf", () => {
  const container = {
    name: "main",
    resources: { limits: { cpu: "1500m", memory: "100Mi" }, requests: { cpu: "1", memory: "1000001" } },
  };

  it.each([
    ["limits.cpu", undefined, "2"],
    ["limits.cpu", "1m", "1500"],
    ["requests.cpu", "1", "1"],
    ["limits.memory", "1Mi", "100"],
    ["limits.memory", undefined, "104857600"],
    ["limits.memory", "0", "104857600"],
    ["requests.memory", "1M", "2"],
    ["requests.ephemeral-storage", "1", "0"],
    ["limits.ephemeral-storage", "1Gi", "5"],
    ["limits.hugepages-2Mi", "1", "0"],
  ])("gives %s divided by %s as %s", (resource, divisor, value) => {
    const allocatable = { cpu: "8", "ephemeral-storage": "5Gi" };
    expect(resourceFieldOf(container, { resource, divisor }, allocatable)).toBe(value);
  });

  it("takes what the node has where no limit is set", () => {
    const allocatable = { cpu: "3500m", memory: "2Gi" };
    const unlimited = { name: "main" };
    expect(resourceFieldOf(unlimited, { resource: "limits.cpu" }, allocatable)).toBe("4");
    expect(resourceFieldOf(unlimited, { resource: "limits.memory", divisor: "1Gi" }, allocatable)).toBe("2");
    expect(resourceFieldOf(unlimited, { resource: "requests.cpu" }, allocatable)).toBe("0");
    expect(resourceFieldOf(unlimited, { resource: "limits.cpu" })).toBe("0");
  });

  it.each(["cpu", "limits.pods", "limits.", "requests.constructor"])("refuses %s", (resource) => {
    expect(() => resourceFieldOf(container, { resource })).toThrow(`"${resource}" is not one`);
  });

  it("refuses a divisor that is no quantity or negative", () => {
    expect(() => resourceFieldOf(container, { resource: "limits.cpu", divisor: "x" })).toThrow("divisor");
    expect(() => resourceFieldOf(container, { resource: "limits.cpu", divisor: "-1" })).toThrow("divisor");
  });
});
