import { describe, expect, it } from "vitest";

import { isKrustletError, KrustletError } from "../src/index.ts";

describe("KrustletError", () => {
  it("keeps the code and the cause", () => {
    const cause = new Error("ECONNREFUSED");
    const error = new KrustletError("RegistryUnavailable", "no answer", { cause, retryable: true });
    expect(error).toMatchObject({
      code: "RegistryUnavailable",
      message: "no answer",
      retryable: true,
      cause,
    });
  });

  it("is recognised by code across package copies", () => {
    const error = new KrustletError("PathEscape", "leaves the volume");
    expect(isKrustletError(error)).toBe(true);
    expect(isKrustletError(error, "PathEscape")).toBe(true);
    expect(isKrustletError(error, "NoSpace")).toBe(false);
    expect(isKrustletError(new Error("plain"))).toBe(false);
    expect(isKrustletError(Object.assign(new Error("no file"), { code: "ENOENT" }))).toBe(false);
    expect(isKrustletError({ name: "KrustletError", code: "PathEscape" })).toBe(false);
  });
});
