import { isKrustletError } from "@krustlet/interface";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planArtifact } from "../src/artifact.ts";
import { choosePlatform } from "../src/choose-platform.ts";
import { isLoopback } from "../src/loopback.ts";
import { parseManifest } from "../src/manifest.ts";
import type { Descriptor } from "../src/manifest.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
const RUNS = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 2000);

const entry = (platform: string, more: Partial<Descriptor> = {}): Descriptor => {
  const [os = "", architecture] = platform.split("/");
  return {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${Buffer.from(platform).toString("hex").padEnd(64, "0")}`,
    size: 1,
    annotations: {},
    ...(architecture === undefined ? {} : { platform: { os, architecture } }),
    ...more,
  };
};

describe("choosing from an index", () => {
  const choose = (...manifests: Descriptor[]) => choosePlatform({ type: "index", manifests }, "image");

  it.each([
    [["linux/amd64", "wasi/wasm"], "wasi/wasm"],
    [["wasip2/wasm", "wasip1/wasm"], "wasip1/wasm"],
    [["wasi/wasm32", "wasi/wasm"], "wasi/wasm"],
    [["linux/wasm", "Wasip1/wasm"], "Wasip1/wasm"],
    [["unknown/unknown", "linux/wasm32"], "linux/wasm32"],
    [["linux/amd64", "nothing"], "nothing"],
  ])("%j takes %s", (platforms, chosen) => {
    expect(choose(...platforms.map((name) => entry(name)))).toEqual(entry(chosen));
  });

  it("passes over what it does not know, and signatures", () => {
    const odd = entry("wasi/wasm", { mediaType: "application/vnd.example" });
    const signature = entry("none", { artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json" });
    expect(choose(odd, signature, entry("linux/wasm"))).toEqual(entry("linux/wasm"));
    expect(choose(signature, entry("nameless"))).toEqual(entry("nameless"));
    expect(() => choose(signature)).toThrow("holds no image");
  });

  it("names the platforms that there are", () => {
    expect(() => choose(entry("linux/amd64"), entry("linux/arm64"), entry("unknown/unknown"))).toThrow(
      "image holds images for linux/amd64, linux/arm64 and none for WebAssembly",
    );
  });
});

it("reads or refuses any manifest and config, with our errors only", () => {
  const type = fc.constantFrom(
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.wasm.config.v0+json",
    "application/wasm",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "",
  );
  const descriptor = fc.oneof(
    fc.record(
      { mediaType: type, digest: fc.constant(DIGEST), size: fc.nat(), data: fc.string() },
      { requiredKeys: ["mediaType", "digest", "size"] },
    ),
    fc.jsonValue(),
  );
  const document = fc.oneof(
    fc.record({
      config: descriptor,
      layers: fc.array(descriptor),
      annotations: fc.jsonValue(),
      artifactType: fc.jsonValue(),
    }),
    fc.record({ manifests: fc.array(descriptor) }),
    fc.jsonValue(),
  );
  const config = fc.oneof(
    fc.json(),
    fc
      .record({
        os: fc.jsonValue(),
        architecture: fc.constantFrom("wasm", "amd64"),
        config: fc.jsonValue(),
        rootfs: fc.jsonValue(),
      })
      .map((value) => JSON.stringify(value)),
  );
  let plans = 0;
  const property = fc.property(
    document,
    config,
    fc.option(fc.string(), { nil: undefined }),
    (json, text, contentType) => {
      try {
        const manifest = parseManifest(Buffer.from(JSON.stringify(json)), contentType, "image");
        if (manifest.type === "manifest") planArtifact(manifest, text, "image");
        plans += 1;
      } catch (error) {
        if (!isKrustletError(error)) throw error;
      }
    },
  );
  fc.assert(property, { seed: 10, numRuns: RUNS });
  expect(plans).toBeGreaterThan(RUNS / 100);
});

it.each([
  ["localhost", true],
  ["localhost:5000", true],
  ["127.0.0.1:5000", true],
  ["127.8.8.8", true],
  ["[::1]:5000", true],
  ["127.0.0.1.example", false],
  ["localhost.example", false],
  ["128.0.0.1", false],
  ["127.1", false],
  ["[::ffff:127.0.0.1]", false],
  ["0.0.0.0", false],
])("%s is this machine: %s", (host, yes) => {
  expect(isLoopback(host)).toBe(yes);
});

it("an artifact with two modules is refused, and so is a config with NUL in an argument", () => {
  const descriptor = (mediaType: string): Descriptor => ({
    mediaType,
    digest: DIGEST,
    size: 1,
    annotations: {},
  });
  const planOf = (config: string, layers: readonly string[], text = "{}") =>
    planArtifact(
      { type: "manifest", config: descriptor(config), layers: layers.map(descriptor), annotations: {} },
      text,
      "image",
    );
  const cncf = "application/vnd.wasm.config.v0+json";
  expect(planOf(cncf, ["application/wasm", "text/plain"])).toMatchObject({ form: "layer" });
  expect(() => planOf(cncf, ["application/wasm", "application/wasm"])).toThrow("with 2 modules");
  const image = "application/vnd.oci.image.config.v1+json";
  const odd = JSON.stringify({ architecture: "wasm", config: { Entrypoint: ["a\0b"] } });
  expect(() => planOf(image, ["application/wasm"], odd)).toThrow("Entrypoint is no list of texts");
});
