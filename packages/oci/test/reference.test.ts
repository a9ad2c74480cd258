import { isKrustletError } from "@krustlet/interface";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatReference, parseReference } from "../src/index.ts";
import { cpuMillisOf } from "./cpu-millis.ts";

const HEX = "a".repeat(64);
const RUNS = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 2000);

describe("references", () => {
  it.each([
    ["hello", "docker.io/library/hello:latest"],
    ["hello:v1", "docker.io/library/hello:v1"],
    ["user/hello", "docker.io/user/hello:latest"],
    ["docker.io/hello", "docker.io/library/hello:latest"],
    ["index.docker.io/hello", "docker.io/library/hello:latest"],
    ["localhost/hello", "localhost/hello:latest"],
    ["localhost:5000/hello:v1", "localhost:5000/hello:v1"],
    ["registry.example/a/b-c/d__e.f:V1.0-rc_1", "registry.example/a/b-c/d__e.f:V1.0-rc_1"],
    ["REGISTRY.Example:443/a", "registry.example:443/a:latest"],
    ["Upper/hello", "upper/hello:latest"],
    ["[::1]:5000/hello", "[::1]:5000/hello:latest"],
    ["127.0.0.1/hello", "127.0.0.1/hello:latest"],
    [`hello@sha256:${HEX}`, `docker.io/library/hello@sha256:${HEX}`],
    [`hello:v1@sha256:${HEX}`, `docker.io/library/hello@sha256:${HEX}`],
    [`registry.example/${"a".repeat(255)}:v1`, `registry.example/${"a".repeat(255)}:v1`],
    [`${HEX}:v1`, `docker.io/library/${HEX}:v1`],
    [`localhost:5000/x@sha512:${HEX}${HEX}`, `localhost:5000/x@sha512:${HEX}${HEX}`],
  ])("%s is %s", (text, canonical) => {
    expect(formatReference(parseReference(text))).toBe(canonical);
  });

  it.each([
    ["", "it is empty"],
    ["https://registry.example/a", "leave out https://"],
    ["registry.example/A", "lower case"],
    ["hello world", "cannot be part"],
    ["a//b", "part of its name is empty"],
    ["/a", "part of its name is empty"],
    ["a/", "part of its name is empty"],
    ["a/..", "cannot be part"],
    ["../a", "is no registry host"],
    ["a:", "the tag"],
    ["a:-x", "the tag"],
    [`a:${"x".repeat(129)}`, "the tag"],
    ["a@", "what follows @"],
    ["a@sha256:abc", "what follows @"],
    [`a@sha256:${HEX.toUpperCase()}`, "what follows @"],
    [`a@md5:${"a".repeat(32)}`, "what follows @"],
    [HEX, "image id"],
    ["registry.example:99999/a", "no registry host"],
    ["-bad.example/a", "no registry host"],
    ["a.b/c@d@e", "what follows @"],
    [`registry.example/${"a".repeat(256)}`, "255"],
    ["a".repeat(248), "255"],
    ["a".repeat(2000), "longer than 1024"],
    ["a\n", "cannot be part"],
    ["%2e%2e/a", "cannot be part"],
  ])("%j is refused: %s", (text, says) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: "InvalidReference", message: expect.stringContaining(says) }),
    );
  });

  it("are refused cleanly or come back as they went, whatever the text is", () => {
    const piece = fc.constantFrom(
      "a",
      "B",
      "9",
      ".",
      "_",
      "-",
      "/",
      ":",
      "@",
      "[",
      "]",
      "..",
      "sha256:",
      HEX,
      "localhost",
      " ",
      "\0",
      "é",
      "%",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
      fc.string(),
    );
    const property = fc.property(text, (input) => {
      let reference;
      try {
        reference = parseReference(input);
      } catch (error) {
        if (!isKrustletError(error, "InvalidReference")) throw error;
        if (error.message.includes("\n")) throw new Error("it has several lines", { cause: error });
        return;
      }
      const canonical = formatReference(reference);
      expect(parseReference(canonical)).toEqual(reference);
      // It becomes part of a URL's path: nothing in it may change which.
      const url = new URL(
        `https://host/v2/${reference.repository}/manifests/${reference.digest ?? reference.tag}`,
      );
      expect(url.pathname).toBe(`/v2/${reference.repository}/manifests/${reference.digest ?? reference.tag}`);
      expect(new URL(`https://${reference.registry}/`).host.replace(/:\d+$/, "")).not.toBe("");
    });
    fc.assert(property, { seed: 2, numRuns: RUNS });
  });

  it("are read in time that grows with their length only", () => {
    const taken = cpuMillisOf(() => {
      for (const unit of ["a-", "a_", "a__", "a.", "-", "a/"]) {
        expect(() => parseReference(`${unit.repeat(500)}!`)).toThrow("no image reference");
      }
    });
    // Exponential time would be hours.
    expect(taken).toBeLessThan(4000);
  });
});
