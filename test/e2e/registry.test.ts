import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  startRegistry,
  tarArchive,
} from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOneSentence } from "./expect-one-sentence.ts";
import { startFaultyRegistry } from "./faulty-registry.ts";
import { demo, krustlet, temporaryDirectory } from "./krustlet.ts";
import { podManifest } from "./manifest.ts";
import type { Artifact, TestRegistry } from "@krustlet/testkit";
import type { Fault } from "./faulty-registry.ts";

let registry: TestRegistry;
let home = "";
let module: Buffer;

beforeAll(async () => {
  registry = await startRegistry();
  home = await mkdtemp(join(tmpdir(), "krustlet-e2e-"));
  module = await readFile(demo("hello", "build", "hello.wasm"));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** Pushes an artifact and returns its reference. */
async function push(repository: string, artifact: Artifact, tag: string = "v1"): Promise<string> {
  await pushArtifact(artifact, { url: registry.url, repository, tag });
  return `${registry.host}/${repository}:${tag}`;
}

const tree = (path: string, more: Readonly<Record<string, string>> = {}): Buffer =>
  tarArchive([
    { name: path, content: module, mode: 0o755 },
    ...Object.entries(more).map(([name, content]) => ({ name, content })),
  ]);

describe("krustlet images prune", () => {
  it("frees at once what no image needs any more, and leaves the others", async () => {
    await using own = await temporaryDirectory();
    const [gone, kept] = [
      await push("prune/gone", buildCncfArtifact(module)),
      await push("prune/kept", buildCncfArtifact(await readFile(demo("server", "build", "server.wasm")))),
    ];
    expect((await krustlet(["pull", "-q", gone, kept], { home: own.path })).code).toBe(0);
    expect((await krustlet(["images", "rm", gone], { home: own.path })).code).toBe(0);
    const { stdout } = await krustlet(["images", "prune"], { home: own.path });
    expect(stdout).toMatch(/^[1-9][\d.]* kB freed\n$/);
    expect((await krustlet(["inspect", kept], { home: own.path })).stderr).toBe("");
  });
});

describe("krustlet run <reference>", () => {
  const forms: readonly (readonly [string, () => Artifact])[] = [
    ["the CNCF's artifact", () => buildCncfArtifact(module)],
    ["wasm-to-oci's artifact", () => buildWasmToOciArtifact(module)],
    ["oras's artifact", () => buildOrasArtifact(module)],
    ["an image with a layer of wasm", () => buildWasmLayerImage(module)],
    [
      "an OCI image",
      () => buildImage({ layers: [tree("hello.wasm")], run: { Entrypoint: ["/hello.wasm"] } }),
    ],
    [
      "a Docker image",
      () => buildImage({ layers: [tree("app/main.wasm")], run: { Cmd: ["/app/main.wasm"] }, docker: true }),
    ],
    [
      "an OCI image with zstd",
      () => buildImage({ layers: [tree("a.wasm")], run: { Entrypoint: ["a.wasm"] }, compression: "zstd" }),
    ],
  ];
  for (const [index, [name, build]] of forms.entries()) {
    it(`runs ${name}`, async () => {
      const reference = await push(`forms/form-${index}`, build());
      const result = await krustlet(["run", "-q", reference, "--", "one"], { home });
      expect(result.stdout).toBe("Hello from AssemblyScript!\nargument 1: one\n");
      expect(result.code).toBe(0);
    });
  }

  it("gives an image its own files, environment and arguments", async () => {
    const image = buildImage({
      layers: [
        tree("hello.wasm", {
          "etc/hello/greeting.txt": "hidden by the next layer",
          "etc/hello/gone.txt": "x",
        }),
        tree("hello.wasm", { "etc/hello/greeting.txt": "from the image", "etc/hello/.wh.gone.txt": "" }),
      ],
      run: { Entrypoint: ["/hello.wasm", "first"], Cmd: ["second"], Env: ["HELLO_FROM=image"] },
    });
    const result = await krustlet(["run", "-q", await push("image/files", image)], { home });
    expect(result.stdout.split("\n")).toStrictEqual([
      "Hello from AssemblyScript!",
      "argument 1: first",
      "argument 2: second",
      "HELLO_FROM=image",
      "/etc/hello/greeting.txt: from the image",
      "",
    ]);
  });

  it("chooses the wasm image of an index", async () => {
    const linux = buildImage({ layers: [tree("bin/sh")], os: "linux", architecture: "amd64" });
    const wasm = buildImage({ layers: [tree("hello.wasm")], run: { Entrypoint: ["/hello.wasm"] } });
    for (const artifact of [linux, wasm]) {
      await pushArtifact(artifact, { url: registry.url, repository: "many/platforms" });
    }
    const reference = await push("many/platforms", buildIndex([linux, wasm]));
    const result = await krustlet(["run", "-q", reference], { home });
    expect(result.stdout).toBe("Hello from AssemblyScript!\n");
  });

  it("runs an image by its digest", async () => {
    const artifact = buildCncfArtifact(module);
    await push("by/digest", artifact);
    const reference = `${registry.host}/by/digest@${artifact.digest}`;
    expect(await krustlet(["run", "-q", reference], { home })).toMatchObject({ code: 0 });
  });
});

describe("the images on disk", () => {
  it("are pulled, listed, inspected and removed", async () => {
    await using own = await temporaryDirectory();
    const reference = await push("store/hello", buildCncfArtifact(module));
    const pulled = await krustlet(["pull", reference], { home: own.path });
    expect(pulled.code).toBe(0);
    const listed = await krustlet(["images"], { home: own.path });
    expect(listed.stdout).toContain(`${registry.host}/store/hello`);
    const inspected = await krustlet(["inspect", reference], { home: own.path });
    expect(inspected.stdout).toContain("wasi_snapshot_preview1");
    expect((await krustlet(["images", "rm", reference], { home: own.path })).code).toBe(0);
    expect((await krustlet(["images"], { home: own.path })).stdout).not.toContain("store/hello");
  });

  it("serve IfNotPresent and Never without the registry, but not Always", async () => {
    await using own = await temporaryDirectory();
    const artifact = buildCncfArtifact(module);
    const reference = await (async () => {
      await using brief = await startRegistry();
      await pushArtifact(artifact, { url: brief.url, repository: "brief", tag: "v1" });
      const name = `${brief.host}/brief:v1`;
      expect((await krustlet(["pull", name], { home: own.path })).code).toBe(0);
      return name;
    })();
    const run = (policy: string): ReturnType<typeof krustlet> =>
      krustlet(["run", "-q", "--pull", policy, reference], { home: own.path });
    expect(await run("never")).toMatchObject({ code: 0, stdout: "Hello from AssemblyScript!\n" });
    expect(await run("missing")).toMatchObject({ code: 0 });
    expectOneSentence(await run("always"), reference);
  });

  it("are what Never asks for: an absent one is refused without a word to the registry", async () => {
    await using faulty = await startFaultyRegistry(buildCncfArtifact(module), () => false);
    expectOneSentence(await krustlet(["run", "--pull", "never", `${faulty.host}/absent:v1`]), "absent:v1");
    expect(faulty.requests).toStrictEqual([]);
  });
});

describe("a registry with logins", () => {
  let guarded: TestRegistry;
  beforeAll(async () => {
    guarded = await startRegistry({ auth: { by: "basic" } });
    const { authorization } = REGISTRY_LOGIN;
    await pushArtifact(buildCncfArtifact(module), {
      url: guarded.url,
      repository: "secret",
      tag: "v1",
      authorization,
    });
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  it("takes the login of the machine's docker config", async () => {
    await using own = await temporaryDirectory();
    const auth = Buffer.from(`${REGISTRY_LOGIN.username}:${REGISTRY_LOGIN.password}`).toString("base64");
    await mkdir(join(own.path, ".docker"));
    await writeFile(
      join(own.path, ".docker", "config.json"),
      JSON.stringify({ auths: { [guarded.host]: { auth } } }),
    );
    const result = await krustlet(["run", "-q", `${guarded.host}/secret:v1`], { home: own.path });
    expect(result).toMatchObject({ code: 0, stdout: "Hello from AssemblyScript!\n" });
  });

  it("takes the login of a pull secret", async () => {
    await using own = await temporaryDirectory();
    const auth = Buffer.from(`${REGISTRY_LOGIN.username}:${REGISTRY_LOGIN.password}`).toString("base64");
    const manifest = podManifest(
      [{ name: "hello", image: `${guarded.host}/secret:v1` }],
      { imagePullSecrets: [{ name: "login" }] },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "login" },
        type: "kubernetes.io/dockerconfigjson",
        stringData: { ".dockerconfigjson": JSON.stringify({ auths: { [guarded.host]: { auth } } }) },
      },
    );
    const result = await krustlet(["run", "-q", "-"], { home: own.path, stdin: manifest });
    expect(result).toMatchObject({ code: 0, stdout: "Hello from AssemblyScript!\n" });
  });

  it("refuses everyone else, and does not hand out a stored image to them", async () => {
    expectOneSentence(await krustlet(["run", `${guarded.host}/secret:v1`]), `${guarded.host}/secret:v1`);
  });
});

describe("a bad artifact", () => {
  const empty = { mediaType: "application/vnd.oci.empty.v1+json", bytes: Buffer.from("{}") };
  const foreign: readonly (readonly [string, () => Artifact, string])[] = [
    [
      "a proxy-wasm plugin",
      () =>
        buildArtifact({
          config: { mediaType: "application/vnd.module.wasm.config.v1+json", bytes: Buffer.from("{}") },
          layers: [{ mediaType: "application/vnd.module.wasm.content.layer.v1+wasm", bytes: module }],
        }),
      "proxy",
    ],
    [
      "a Linux image",
      () => buildImage({ layers: [tree("bin/sh")], os: "linux", architecture: "amd64" }),
      "linux/amd64",
    ],
    [
      "an artifact that holds no wasm",
      () =>
        buildArtifact({
          config: empty,
          layers: [{ mediaType: "application/wasm", bytes: Buffer.from("This is no wasm.") }],
        }),
      "v1",
    ],
  ];
  for (const [index, [name, build, named]] of foreign.entries()) {
    it(`such as ${name} is named`, async () => {
      const reference = await push(`foreign/kind-${index}`, build());
      expectOneSentence(await krustlet(["run", "-q", reference], { home }), reference, named);
    });
  }

  it("whose layers climb out of the image is refused, and nothing is written outside", async () => {
    await using own = await temporaryDirectory();
    const image = buildImage({
      layers: [tree("hello.wasm", { "../../../../../escaped.txt": "x" })],
      run: { Entrypoint: ["/hello.wasm"] },
    });
    const reference = await push("foreign/climbing", image);
    await krustlet(["run", "-q", reference], { home: own.path });
    const names = await readdir(own.path, { recursive: true });
    expect(names.filter((path) => path.endsWith("escaped.txt") && !path.includes("rootfs"))).toStrictEqual(
      [],
    );
  });
});

describe("a bad registry", () => {
  // Bytes that do not shrink, so that a blob is cut in its middle wherever it is cut.
  const large = (): Artifact => {
    const section = Buffer.concat([
      Buffer.from([0, 0x84, 0x80, 0x40, 3]),
      Buffer.from("pad"),
      randomBytes(1 << 20),
    ]);
    return buildCncfArtifact(Buffer.concat([module, section]));
  };

  const statuses: readonly (readonly [number, string])[] = [
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [404, "NotFound"],
    [429, "TooManyRequests"],
    [500, "InternalServerError"],
  ];
  for (const [status, name] of statuses) {
    it(`that answers ${status} ${name} is named with the reference`, async () => {
      await using faulty = await startFaultyRegistry(
        buildCncfArtifact(module),
        (_request, response, path) => {
          if (path === "/v2/") return false;
          response.writeHead(status, status === 429 ? { "retry-after": "1" } : {}).end("{}");
          return true;
        },
      );
      const reference = `${faulty.host}/hello:v1`;
      expectOneSentence(await krustlet(["run", "-q", reference]), reference);
    });
  }

  it("that is not there at all", async () => {
    expectOneSentence(await krustlet(["run", "-q", "127.0.0.1:1/hello:v1"]), "127.0.0.1:1/hello:v1");
  });

  const expectNothingStored = async (own: string): Promise<void> => {
    const listed = await krustlet(["images", "--output", "json"], { home: own });
    expect(listed.stdout).not.toContain("hello");
  };

  const faults: readonly (readonly [string, () => Fault])[] = [
    [
      "closes in the middle of a blob, every time",
      () => (_request, response, path) => {
        if (!path.includes("/blobs/")) return false;
        response.writeHead(200, { "content-length": 1 << 20 });
        response.write(Buffer.alloc(1000), () => response.destroy());
        return true;
      },
    ],
    [
      "sends other bytes than their digest says",
      () => (_request, response, path) => {
        if (!path.includes("/blobs/")) return false;
        response.end(Buffer.alloc(1000, 1));
        return true;
      },
    ],
  ];
  for (const [name, fault] of faults) {
    it(`that ${name} leaves nothing half-written`, async () => {
      await using own = await temporaryDirectory();
      await using faulty = await startFaultyRegistry(large(), fault());
      const reference = `${faulty.host}/hello:v1`;
      expectOneSentence(await krustlet(["run", "-q", reference], { home: own.path }), reference);
      await expectNothingStored(own.path);
    });
  }

  it("that closes in the middle of a blob once is asked for the rest", async () => {
    let cut = false;
    const artifact = large();
    await using faulty = await startFaultyRegistry(artifact, (request, response, path) => {
      const blob = artifact.blobs.get(/sha256:\w+$/.exec(path)?.[0] ?? "");
      if (blob === undefined || blob.length < 1 << 20) return false;
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (from > 0) {
        response.writeHead(206, {
          "content-length": blob.length - from,
          "content-range": `bytes ${from}-${blob.length - 1}/${blob.length}`,
        });
        response.end(blob.subarray(from));
        return true;
      }
      if (cut) return false;
      cut = true;
      response.writeHead(200, { "content-length": blob.length, "accept-ranges": "bytes" });
      response.write(blob.subarray(0, 500_000), () => setTimeout(() => response.destroy(), 50));
      return true;
    });
    const result = await krustlet(["run", "-q", `${faulty.host}/hello:v1`]);
    expect(result).toMatchObject({ code: 0, stdout: "Hello from AssemblyScript!\n" });
    expect(cut).toBe(true);
  });
});

describe("a disk that is full", () => {
  // A file system of one megabyte needs a mount namespace of one's own, which not every machine allows.
  const small = 'mount -t tmpfs -o size=1m tmpfs "$HOME" && exec "$0" "$@"';
  const namespace = ["unshare", "-rm", "sh", "-c", small];
  const allowed = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).status === 0;

  it.skipIf(!allowed)("while an image is pulled is said in one sentence", async () => {
    const section = Buffer.concat([
      Buffer.from([0, 0x84, 0x80, 0x80, 0x01, 3]),
      Buffer.from("pad"),
      randomBytes(1 << 21),
    ]);
    const reference = await push("full/disk", buildCncfArtifact(Buffer.concat([module, section])));
    const result = await krustlet(["run", "-q", reference], { through: namespace });
    expectOneSentence(result, "no space left", "/images/");
  });
});
