import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImagePuller } from "@krustlet/interface";
import {
  buildArtifact,
  buildCncfArtifact,
  buildImage,
  buildIndex,
  buildOrasArtifact,
  buildWasmLayerImage,
  buildWasmToOciArtifact,
  pushArtifact,
  REGISTRY_LOGIN,
  selfSignedCertificate,
  sha256Of,
  startRegistry,
  startTokenServer,
  tarArchive,
} from "@krustlet/testkit";
import type { Artifact, TestRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createPuller } from "../src/index.ts";
import { makeTarget } from "./memory-target.ts";

// Nothing here takes long by itself; a busy machine may.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const MODULE = Buffer.from("0061736d01000000", "hex");
/** With a custom section, so that it is another module. */
const OTHER = Buffer.from("0061736d01000000000401780000", "hex");

let registry: TestRegistry;
let puller: ImagePuller & AsyncDisposable;

beforeAll(async () => {
  registry = await startRegistry();
  puller = createPuller();
});

afterAll(async () => {
  await puller[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

async function push(artifact: Artifact, name: string, from = registry): Promise<string> {
  const [repository = "", tag] = name.split(":");
  await pushArtifact(artifact, { url: from.url, repository, ...(tag === undefined ? {} : { tag }) });
  return `${from.host}/${name}`;
}

describe("pulling from a real registry", () => {
  it.each([
    ["a CNCF artifact", buildCncfArtifact(MODULE)],
    ["a wasm-to-oci artifact", buildWasmToOciArtifact(MODULE)],
    ["an image with a WebAssembly layer", buildWasmLayerImage(MODULE)],
    ["a generic ORAS artifact", buildOrasArtifact(MODULE)],
  ])("gets the module of %s", async (_name, artifact) => {
    await using target = await makeTarget();
    const reference = await push(artifact, `formats/${artifact.digest.slice(7, 19)}:v1`);
    const image = await puller.pull(reference, target);
    expect(await readFile(image.module.path)).toEqual(MODULE);
    expect(image).toMatchObject({
      kind: "module",
      digest: artifact.digest,
      manifestDigest: artifact.digest,
      module: { digest: sha256Of(MODULE), size: MODULE.length },
      access: { by: "machine" },
    });
    expect(await puller.resolve(reference)).toEqual({ digest: artifact.digest, access: { by: "machine" } });
  });

  it.each([
    ["OCI, gzip", { compression: "gzip" }],
    ["OCI, zstd", { compression: "zstd" }],
    ["OCI, not packed", { compression: "none" }],
    ["Docker, gzip", { compression: "gzip", docker: true }],
  ] as const)(
    "unpacks a wasi/wasm image (%s) with whiteouts and takes its config",
    async (_name, options) => {
      await using target = await makeTarget();
      const image = buildImage({
        ...options,
        layers: [
          tarArchive([
            { name: "app/", type: "5" },
            { name: "app/main.wasm", content: MODULE, mode: 0o755 },
            { name: "etc/gone", content: "x" },
            { name: "opaque/old", content: "x" },
          ]),
          tarArchive([
            { name: "etc/.wh.gone" },
            { name: "etc/kept", content: "kept" },
            { name: "opaque/new", content: "new" },
            { name: "opaque/.wh..wh..opq" },
          ]),
        ],
        run: { Entrypoint: ["/app/main.wasm"], Cmd: ["serve"], Env: ["A=1"], WorkingDir: "/app" },
      });
      const pulled = await puller.pull(await push(image, `images/${image.digest.slice(7, 19)}:v1`), target);
      expect(pulled).toMatchObject({
        tree: image.digest.replace(":", "-"),
        config: { entrypoint: ["/app/main.wasm"], command: ["serve"], env: ["A=1"], workingDir: "/app" },
      });
      const root = join(target.directory, `tree-${pulled.tree}`);
      expect(await readFile(join(root, "etc/kept"), "utf8")).toBe("kept");
      expect(await readFile(join(root, "opaque/new"), "utf8")).toBe("new");
      await expect(readFile(join(root, "etc/gone"))).rejects.toThrow("ENOENT");
      await expect(readFile(join(root, "opaque/old"))).rejects.toThrow("ENOENT");
      expect(await readFile(pulled.module.path)).toEqual(MODULE);
    },
  );

  it("chooses WebAssembly from an index of indexes, and reports the index's digest", async () => {
    await using target = await makeTarget();
    const linux = buildImage({ layers: [tarArchive([])], os: "linux", architecture: "amd64" });
    const wasm = buildImage({ layers: [tarArchive([{ name: "hello.wasm", content: OTHER }])] });
    const inner = buildIndex([linux, wasm]);
    for (const artifact of [linux, wasm, inner]) await push(artifact, "indexed/app");
    const outer = buildIndex([inner]);
    const reference = await push(outer, "indexed/app:v1");
    const image = await puller.pull(reference, target);
    expect(image).toMatchObject({ digest: outer.digest, manifestDigest: wasm.digest });
    expect(image.module.digest).toBe(sha256Of(OTHER));
  });

  it("pulls by digest, and says when there is no such tag", async () => {
    await using target = await makeTarget();
    const artifact = buildCncfArtifact(OTHER);
    await push(artifact, "by/digest");
    const image = await puller.pull(`${registry.host}/by/digest:ignored@${artifact.digest}`, target);
    expect(image.module.digest).toBe(sha256Of(OTHER));
    const absent = `${registry.host}/by/digest:absent`;
    await expect(puller.pull(absent, target)).rejects.toMatchObject({
      code: "ImageNotFound",
      message: expect.stringContaining(`${absent}: ${registry.host} answered 404`),
    });
    await expect(puller.resolve(absent)).rejects.toMatchObject({ code: "ImageNotFound" });
  });

  it("fetches nothing that the target has already", async () => {
    await using target = await makeTarget();
    const reference = await push(buildCncfArtifact(MODULE), "twice:v1");
    await puller.pull(reference, target);
    const before = target.added.length;
    await puller.pull(reference, target);
    expect(target.added).toHaveLength(before);
  });

  it.each([
    [
      "a proxy-wasm plugin",
      buildArtifact({
        config: { mediaType: "application/vnd.module.wasm.config.v1+json", bytes: Buffer.from("{}") },
        layers: [{ mediaType: "application/vnd.module.wasm.content.layer.v1+wasm", bytes: MODULE }],
      }),
    ],
    ["a Linux container image (linux/amd64)", buildImage({ layers: [], os: "linux", architecture: "amd64" })],
    [
      "a Spin application",
      buildArtifact({
        config: {
          mediaType: "application/vnd.oci.image.config.v1+json",
          bytes: Buffer.from('{"architecture":"wasm"}'),
        },
        layers: [
          { mediaType: "application/vnd.fermyon.spin.application.v1+config", bytes: Buffer.from("{}") },
        ],
      }),
    ],
    [
      "a Helm chart",
      buildArtifact({
        config: { mediaType: "application/vnd.cncf.helm.config.v1+json", bytes: Buffer.from("{}") },
        layers: [
          { mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", bytes: Buffer.from("x") },
        ],
      }),
    ],
  ])("refuses %s by name", async (name, artifact) => {
    await using target = await makeTarget();
    const reference = await push(artifact, `foreign/${artifact.digest.slice(7, 19)}:v1`);
    await expect(puller.pull(reference, target)).rejects.toMatchObject({
      code: "UnsupportedArtifact",
      message: expect.stringContaining(`${reference} is ${name}`),
    });
  });

  it("says that a layer is no WebAssembly", async () => {
    await using target = await makeTarget();
    const reference = await push(buildCncfArtifact(Buffer.from("#!/bin/sh\n")), "not/wasm:v1");
    await expect(puller.pull(reference, target)).rejects.toMatchObject({ code: "InvalidModule" });
  });
});

describe("a registry with basic authentication", () => {
  it("is pulled from with the right login only, and every login that matches is tried", async () => {
    await using secured = await startRegistry({ auth: { by: "basic" } });
    await using target = await makeTarget();
    const artifact = buildCncfArtifact(MODULE);
    const { authorization, username, password } = REGISTRY_LOGIN;
    await pushArtifact(artifact, { url: secured.url, repository: "private/app", tag: "v1", authorization });
    const reference = `${secured.host}/private/app:v1`;
    const good = { registry: secured.host, username, password };
    const bad = { registry: secured.host, username, password: "wrong" };

    await expect(puller.pull(reference, target)).rejects.toMatchObject({
      code: "RegistryUnauthorized",
      message: expect.stringContaining("docker login"),
    });
    await expect(puller.pull(reference, target, { credentials: [bad] })).rejects.toMatchObject({
      code: "RegistryUnauthorized",
      message: expect.not.stringContaining("wrong"),
    });
    const elsewhere = { ...good, registry: "registry.example" };
    await expect(puller.pull(reference, target, { credentials: [elsewhere] })).rejects.toMatchObject({
      code: "RegistryUnauthorized",
    });
    const image = await puller.pull(reference, target, { credentials: [bad, good] });
    expect(image.access).toEqual({ by: "credential", credential: good });
    // The login that worked stays its owner's.
    await expect(puller.resolve(reference)).rejects.toMatchObject({ code: "RegistryUnauthorized" });
  });
});

describe("a registry with token authentication", () => {
  it("gives a token for each repository and login, and keeps them apart", async () => {
    const issuer = selfSignedCertificate();
    await using tokens = await startTokenServer(issuer, "krustlet-test", ({ parameters, authorization }) => {
      const [, repository = "", actions = ""] = parameters.get("scope")?.split(":") ?? [];
      const open = repository.startsWith("public/");
      if (
        !open &&
        authorization !== REGISTRY_LOGIN.authorization &&
        parameters.get("refresh_token") !== "refresh"
      ) {
        return { refuse: 401 };
      }
      return { grant: [{ repository, actions: actions.split(",") }] };
    });
    const auth = { by: "token", realm: tokens.realm, service: "krustlet-test", issuer } as const;
    await using secured = await startRegistry({ auth });
    await using target = await makeTarget();
    await using own = createPuller();
    for (const repository of ["public/app", "private/one", "private/two"]) {
      const scope = `repository:${repository}:pull,push`;
      const answer = await fetch(`${tokens.realm}?scope=${scope}`, {
        headers: { authorization: REGISTRY_LOGIN.authorization },
      });
      const { token } = (await answer.json()) as { token: string };
      const artifact = buildCncfArtifact(MODULE);
      await pushArtifact(artifact, {
        url: secured.url,
        repository,
        tag: "v1",
        authorization: `Bearer ${token}`,
      });
    }
    const asked = tokens.questions.length;
    const reference = (repository: string): string => `${secured.host}/${repository}:v1`;
    const login = { registry: secured.host, username: "krustlet", password: "s3cret" };

    await own.pull(reference("public/app"), target);
    await own.pull(reference("private/one"), target, { credentials: [login] });
    await own.pull(reference("private/two"), target, { credentials: [login] });
    await own.resolve(reference("private/two"), { credentials: [login] });
    const scopes = tokens.questions.slice(asked).map(({ parameters }) => parameters.get("scope"));
    expect(scopes).toEqual(
      ["public/app", "private/one", "private/two"].map((name) => `repository:${name}:pull`),
    );
    await expect(own.pull(reference("private/one"), target)).rejects.toMatchObject({
      code: "RegistryUnauthorized",
    });

    const identity = { registry: secured.host, identityToken: "refresh" };
    await own.resolve(reference("private/one"), { credentials: [identity] });
    expect(tokens.questions.at(-1)).toMatchObject({ method: "POST" });
  });
});

describe("a registry with TLS", () => {
  it("is trusted by its authority's certificate only, on loopback too", async () => {
    const tls = selfSignedCertificate();
    await using secured = await startRegistry({ tls });
    await using target = await makeTarget();
    const artifact = buildCncfArtifact(MODULE);
    await pushArtifact(artifact, { url: secured.url, repository: "tls/app", tag: "v1", ca: tls.certificate });
    const reference = `${secured.host}/tls/app:v1`;
    await expect(puller.pull(reference, target)).rejects.toMatchObject({
      code: "RegistryUnavailable",
      message: expect.stringContaining("certificate"),
    });
    await using trusting = createPuller({ ca: [tls.certificate] });
    expect((await trusting.pull(reference, target)).digest).toBe(artifact.digest);
  });
});
