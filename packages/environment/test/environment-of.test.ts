import { isKrustletError } from "@krustlet/interface";
import type { ConfigMapObject } from "@krustlet/interface";
import { describe, expect, it } from "vitest";

import { environmentOf } from "../src/index.ts";
import type { EnvironmentContainer, EnvironmentInit, EnvironmentPod } from "../src/index.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function init(
  container: Partial<EnvironmentContainer>,
  more: Partial<EnvironmentInit> = {},
): EnvironmentInit {
  const whole: EnvironmentContainer = { name: "main", ...container };
  const pod: EnvironmentPod = {
    metadata: { name: "web", namespace: "shop", labels: { app: "front" } },
    spec: { containers: [whole], nodeName: "node-1" },
  };
  const objects = {
    configMaps: new Map([["settings", { data: { COLOUR: "red", SIZE: "XL" } }]]),
    secrets: new Map([["keys", { data: { TOKEN: base64("s3cret") } }]]),
  };
  return { pod, container: whole, objects, ...more };
}

const envOf = (container: Partial<EnvironmentContainer>): Readonly<Record<string, string>> =>
  environmentOf(init(container)).env;

function failure(container: Partial<EnvironmentContainer>): {
  code: string;
  message: string;
  detail?: string;
} {
  try {
    environmentOf(init(container));
  } catch (error) {
    if (isKrustletError(error)) return { code: error.code, message: error.message, detail: error.detail };
  }
  throw new Error("it did not fail");
}

describe("env", () => {
  it("expands variables that stand before, and only those", () => {
    const env = [
      { name: "A", value: "$(B)" },
      { name: "B", value: "b" },
      { name: "C", value: "$(B)$(B) $$(B)" },
    ];
    expect(envOf({ env })).toEqual({ A: "$(B)", B: "b", C: "bb $(B)" });
  });

  it("takes keys of ConfigMaps and Secrets", () => {
    const env = [
      { name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "COLOUR" } } },
      { name: "B", valueFrom: { secretKeyRef: { name: "keys", key: "TOKEN" } } },
    ];
    expect(envOf({ env })).toEqual({ A: "red", B: "s3cret" });
  });

  it("leaves a variable out whose optional key or object is missing", () => {
    const env = [
      { name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "NONE", optional: true } } },
      { name: "B", valueFrom: { secretKeyRef: { name: "none", key: "NONE", optional: true } } },
    ];
    expect(envOf({ env })).toEqual({});
  });

  it("takes fields and resources", () => {
    const env = [
      { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: "B", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
    ];
    expect(envOf({ env, resources: { limits: { cpu: "250m" } } })).toEqual({ A: "front", B: "250" });
  });

  it("keeps the last of two variables of one name", () => {
    const env = [
      { name: "A", value: "1" },
      { name: "A", value: "$(A)2" },
    ];
    expect(envOf({ env })).toEqual({ A: "12" });
  });

  it("gives a variable without value the empty text", () => {
    expect(envOf({ env: [{ name: "A" }, { name: "B", value: "" }] })).toEqual({ A: "", B: "" });
  });

  it("keeps a variable called __proto__ as an own property", () => {
    const env = envOf({ env: [{ name: "__proto__", value: "x" }] });
    expect(Object.entries(env)).toEqual([["__proto__", "x"]]);
  });

  it("tells what is missing in the kubelet's own words, apart from whose it is", () => {
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "NONE" } } }];
    expect(failure({ env }).detail).toBe("couldn't find key NONE in ConfigMap shop/settings");
    expect(failure({ envFrom: [{ secretRef: { name: "none" } }] }).detail).toBe('secret "none" not found');
  });

  it("does not find constructor in an object that has no such key", () => {
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "constructor" } } }];
    expect(failure({ env }).code).toBe("KeyNotFound");
  });

  it.each([
    [
      { configMapKeyRef: { name: "settings", key: "NONE" } },
      "KeyNotFound",
      "couldn't find key NONE in ConfigMap shop/settings",
    ],
    [
      { secretKeyRef: { name: "keys", key: "NONE" } },
      "KeyNotFound",
      "couldn't find key NONE in Secret shop/keys",
    ],
    [{ configMapKeyRef: { name: "none", key: "A" } }, "ObjectNotFound", 'configmap "none" not found'],
    [{ secretKeyRef: { name: "none", key: "A" } }, "ObjectNotFound", 'secret "none" not found'],
    [{ fieldRef: { fieldPath: "spec.none" } }, "InvalidField", 'fieldPath "spec.none"'],
    [{ fileKeyRef: {} }, "UnsupportedField", "fileKeyRef is not supported"],
    [{}, "InvalidField", "names no source"],
  ])("says which variable of which container fails for %j", (valueFrom, code, message) => {
    const error = failure({ env: [{ name: "A", valueFrom }] });
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain('pod "shop/web", container "main", variable "A"');
  });
});

describe("envFrom", () => {
  it("comes before env, which overrides and expands it", () => {
    const envFrom = [{ configMapRef: { name: "settings" } }, { prefix: "K_", secretRef: { name: "keys" } }];
    const env = [
      { name: "SIZE", value: "S" },
      { name: "BOTH", value: "$(COLOUR)-$(SIZE)-$(K_TOKEN)" },
    ];
    expect(envOf({ env, envFrom })).toEqual({
      COLOUR: "red",
      SIZE: "S",
      K_TOKEN: "s3cret",
      BOTH: "red-S-s3cret",
    });
  });

  it("lets a later entry override an earlier one", () => {
    const objects = {
      configMaps: new Map<string, ConfigMapObject>([
        ["a", { data: { X: "a", Y: "a" } }],
        ["b", { data: { X: "b" } }],
      ]),
      secrets: new Map(),
    };
    const envFrom = [{ configMapRef: { name: "a" } }, { configMapRef: { name: "b" } }];
    expect(environmentOf(init({ envFrom }, { objects })).env).toEqual({ X: "b", Y: "a" });
  });

  it("ignores optional objects that are missing", () => {
    const envFrom = [
      { configMapRef: { name: "no", optional: true } },
      { secretRef: { name: "no", optional: true } },
    ];
    expect(envOf({ envFrom })).toEqual({});
  });

  it.each([
    [{ configMapRef: { name: "no" } }, 'configmap "no" not found'],
    [{ secretRef: { name: "no" } }, 'secret "no" not found'],
  ])("fails where a needed object is missing: %j", (entry, message) => {
    expect(failure({ envFrom: [entry] }).message).toContain(message);
  });

  it("skips keys that cannot be names, and says so", () => {
    const objects = {
      configMaps: new Map([["odd", { data: { "a=b": "1", "": "2", né: "3", "a.b-c": "4" } }]]),
      secrets: new Map(),
    };
    const { env, skipped } = environmentOf(
      init({ envFrom: [{ configMapRef: { name: "odd" } }] }, { objects }),
    );
    expect(env).toEqual({ "a.b-c": "4" });
    expect(skipped).toEqual([
      'container "main": keys "", "a=b", "né" of ConfigMap shop/odd were skipped, because they are no names of ' +
        "environment variables",
    ]);
  });

  it("refuses a Secret that is no base64", () => {
    const objects = { configMaps: new Map(), secrets: new Map([["bad", { data: { A: "%%%" } }]]) };
    const container = { envFrom: [{ secretRef: { name: "bad" } }] };
    expect(() => environmentOf(init(container, { objects }))).toThrow(
      "key A of Secret shop/bad is not valid base64",
    );
  });
});

it("puts the variables of Services beneath everything else", () => {
  const services = { API_SERVICE_HOST: "10.0.0.1", COLOUR: "service" };
  const container = {
    envFrom: [{ configMapRef: { name: "settings" } }],
    env: [{ name: "URL", value: "http://$(API_SERVICE_HOST)" }],
  };
  const { env } = environmentOf(init(container, { services }));
  expect(env).toMatchObject({ URL: "http://10.0.0.1", COLOUR: "red", API_SERVICE_HOST: "10.0.0.1" });
});

it("names the variable that grew too long when variables double each other", () => {
  const doubling = Array.from({ length: 40 }, (_, index) => ({
    name: `V${index}`,
    value: index === 0 ? "0123456789" : `$(V${index - 1})$(V${index - 1})`,
  }));
  expect(failure({ env: doubling })).toMatchObject({
    code: "InvalidField",
    message: expect.stringMatching(/variable "V17".*longer than 1048576/),
  });
});
