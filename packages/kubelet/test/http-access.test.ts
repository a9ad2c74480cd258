import { describe, expect, it } from "vitest";

import { httpAccessOf } from "../src/http-access.ts";

const accessOf = (annotations: Readonly<Record<string, string>>) =>
  httpAccessOf({ metadata: { annotations } });

describe("where a pod may send requests", () => {
  it("is nowhere without annotations", () => {
    expect(httpAccessOf({})).toBeUndefined();
    expect(accessOf({})).toBeUndefined();
    expect(accessOf({ "krustlet.dev/max-concurrent-requests": "3" })).toBeUndefined();
  });

  it.each(["krustlet.dev", "alpha.wasi.krustlet.dev"])(
    "is what %s/allowed-domains lists, by origin",
    (prefix) => {
      const annotations = {
        [`${prefix}/allowed-domains`]: '["https://postman-echo.com/post", "http://192.0.2.1:8080"]',
        [`${prefix}/max-concurrent-requests`]: "42",
      };
      expect(accessOf(annotations)).toStrictEqual({
        origins: ["https://postman-echo.com", "http://192.0.2.1:8080"],
        maxRequests: 42,
      });
    },
  );

  it("is all that is public where that is said", () => {
    expect(accessOf({ "krustlet.dev/allowed-domains": '["insecure:allow-all"]' })).toStrictEqual({
      origins: "all",
      maxRequests: 64,
    });
  });

  it("has no more requests at a time than a node bears", () => {
    const annotations = {
      "krustlet.dev/allowed-domains": "[]",
      "krustlet.dev/max-concurrent-requests": "4294967295",
    };
    expect(accessOf(annotations)).toStrictEqual({ origins: [], maxRequests: 1024 });
  });

  it.each([
    ["krustlet.dev/allowed-domains", "https://example.com"],
    ["krustlet.dev/allowed-domains", "{}"],
    ["krustlet.dev/allowed-domains", "[1]"],
    ["krustlet.dev/allowed-domains", '["example.com"]'],
    ["krustlet.dev/allowed-domains", '["file:///etc"]'],
    ["krustlet.dev/allowed-domains", JSON.stringify(Array.from({ length: 257 }, () => "http://a"))],
    ["krustlet.dev/max-concurrent-requests", "-1"],
    ["alpha.wasi.krustlet.dev/max-concurrent-requests", "many"],
  ])("is not said by %s: %s", (name, text) => {
    expect(() => accessOf({ [name]: text })).toThrow(`metadata.annotations["${name}"]`);
    expect(() => accessOf({ [name]: text })).toThrow(expect.objectContaining({ code: "InvalidField" }));
  });
});
