import { randomBytes } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Clock, PullProgress } from "@krustlet/interface";
import {
  buildArtifact,
  buildCncfArtifact,
  buildImage,
  selfSignedCertificate,
  sha256Of,
  tarArchive,
} from "@krustlet/testkit";
import { describe, expect, it, vi } from "vitest";
import { createPuller } from "../src/index.ts";
import { startFaultyRegistry } from "./faulty-registry.ts";
import type { Fault } from "./faulty-registry.ts";
import { makeTarget } from "./memory-target.ts";

// Nothing here takes long by itself; a busy machine may.
vi.setConfig({ testTimeout: 30_000 });

const MODULE = Buffer.concat([Buffer.from("0061736d01000000", "hex"), randomBytes(200_000)]);
const ARTIFACT = buildCncfArtifact(MODULE);
const BLOB = `/v2/app/blobs/${sha256Of(MODULE)}`;

/** Sleeps at once, and remembers for how long it should have. */
function quickClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date("2026-01-01T00:00:00Z"),
    elapsed: () => 0,
    sleep: (ms, options) => {
      slept.push(ms);
      return options?.signal?.aborted === true
        ? Promise.reject(options.signal.reason as Error)
        : Promise.resolve();
    },
  };
}

/** Pulls the artifact from a registry with the fault. */
async function pullWith(fault: Fault, init: Parameters<typeof createPuller>[0] = {}) {
  const clock = quickClock();
  const progress: PullProgress[] = [];
  await using registry = await startFaultyRegistry(fault);
  await using target = await makeTarget();
  await using puller = createPuller({ clock, random: () => 0, ...init });
  const reference = registry.add(ARTIFACT);
  const outcome = await puller.pull(reference, target, { onProgress: (step) => progress.push(step) }).then(
    async (image) => ({ bytes: await readFile(image.module.path) }),
    (error: unknown) => ({ error }),
  );
  return {
    reference,
    clock,
    progress,
    requests: registry.requests,
    files: await readdir(target.directory),
    ...outcome,
  };
}

/** Answers the first `times` requests whose path has `part`. */
function first(
  times: number,
  part: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Fault {
  let left = times;
  return (request, response) => {
    if (!(request.url ?? "").includes(part) || left === 0) return false;
    left -= 1;
    answer(request, response);
    return true;
  };
}

const failWith =
  (status: number, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, headers).end('{"errors":[{"message":"said\\u001b[31m so"}]}');

describe("a registry that is busy or broken", () => {
  it.each([408, 429, 500, 502, 503, 504])("is asked again after %i", async (status) => {
    const pull = await pullWith(first(2, "/manifests/", failWith(status)));
    expect(pull).toMatchObject({ bytes: MODULE });
    expect(pull.clock.slept).toEqual([250, 500]);
  });

  it.each([
    ["7", 7000],
    ["Thu, 01 Jan 2026 00:00:09 GMT", 9000],
    ["86400", 30_000],
    ["nonsense", 250],
  ])("is left alone for as long as Retry-After: %s asks, within bounds", async (header, ms) => {
    const pull = await pullWith(first(1, BLOB, failWith(429, { "retry-after": header })));
    expect(pull).toMatchObject({ bytes: MODULE });
    expect(pull.clock.slept).toEqual([ms]);
    expect(pull.progress.find(({ state }) => state === "retrying")?.message).toContain("429");
  });

  it.each([
    [401, "RegistryUnauthorized", "docker login"],
    [403, "RegistryForbidden", "may not pull"],
    [404, "ImageNotFound", "no such image"],
    [429, "RegistryThrottled", "too many requests"],
    [500, "RegistryUnavailable", "not available"],
    [418, "RegistryProtocol", "418"],
  ])("becomes one clear error when it keeps answering %i", async (status, code, says) => {
    const pull = await pullWith(first(Infinity, "/manifests/", failWith(status)));
    expect(pull).toMatchObject({ error: { code, message: expect.stringContaining(says) } });
    const message = String((pull as { error?: Error }).error?.message);
    expect(message).toContain(pull.reference);
    expect(message).toContain("(said [31m so)");
    expect(pull.requests.filter(({ line }) => line.includes("manifests"))).toHaveLength(
      [429, 500].includes(status) ? 5 : 1,
    );
  });

  it("is given up when it stalls, before an answer and in the middle of one", async () => {
    // undici's timers tick once a second, so the two wait side by side.
    const once = { retry: { attempts: 1 }, stallTimeout: 100 };
    const [silent, half] = await Promise.all([
      pullWith(
        first(Infinity, "/manifests/", () => {}),
        once,
      ),
      pullWith(
        first(Infinity, BLOB, (_request, response) => {
          response.writeHead(200, { "content-length": MODULE.length });
          response.write(MODULE.subarray(0, 10));
        }),
        once,
      ),
    ]);
    const stalled = { code: "RegistryUnavailable", message: expect.stringContaining("stalled") };
    expect(silent).toMatchObject({ error: stalled });
    expect(half).toMatchObject({ error: stalled });
  });

  it("that nobody runs is named at once", async () => {
    await using target = await makeTarget();
    await using puller = createPuller({ clock: quickClock() });
    await expect(puller.pull("127.0.0.1:1/app:v1", target)).rejects.toMatchObject({
      code: "RegistryUnavailable",
      message: "127.0.0.1:1/app:v1: 127.0.0.1:1: nothing listens there; is the registry running?",
    });
  });

  it.each(["knows no HEAD", "names no digest"])("that %s still tells what a tag stands for", async (how) => {
    await using registry = await startFaultyRegistry((request, response) => {
      if (request.method !== "HEAD") return false;
      response.writeHead(how === "knows no HEAD" ? 405 : 200).end();
      return true;
    });
    await using puller = createPuller();
    expect((await puller.resolve(registry.add(ARTIFACT))).digest).toBe(ARTIFACT.digest);
  });

  it("ends the pull when the caller aborts it", async () => {
    const abort = new AbortController();
    await using registry = await startFaultyRegistry(
      first(1, BLOB, () => {
        abort.abort(new Error("no more"));
      }),
    );
    await using target = await makeTarget();
    await using puller = createPuller();
    const pulling = puller.pull(registry.add(ARTIFACT), target, { signal: abort.signal });
    await expect(pulling).rejects.toThrow("no more");
  });
});

it("a pull that is aborted while it unpacks ends there", async () => {
  const image = buildImage({ layers: [tarArchive([{ name: "app.wasm", content: MODULE }])] });
  await using registry = await startFaultyRegistry();
  await using target = await makeTarget();
  await using puller = createPuller();
  const abort = new AbortController();
  const onProgress = ({ state }: PullProgress): void => {
    if (state === "unpacking") abort.abort(new Error("enough"));
  };
  const pull = puller.pull(registry.add(image), target, { signal: abort.signal, onProgress });
  await expect(pull).rejects.toThrow("enough");
  const [tree = ""] = (await readdir(target.directory)).filter((name) => name.startsWith("tree"));
  expect(await readdir(join(target.directory, tree))).toEqual([]);
});

describe("a blob that breaks off", () => {
  const cut = (at: number) => (request: IncomingMessage, response: ServerResponse) => {
    const from = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
    const range = { "content-range": `bytes ${from}-${MODULE.length - 1}/${MODULE.length}` };
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": MODULE.length - from,
      ...(from > 0 ? range : {}),
    });
    response.write(MODULE.subarray(from, at), () => response.destroy());
  };

  it("is resumed where it broke", async () => {
    let stops = [50_000, 120_000];
    const pull = await pullWith(
      first(2, BLOB, (request, response) => {
        const [at = 0, ...rest] = stops;
        stops = rest;
        cut(at)(request, response);
      }),
    );
    expect(pull).toMatchObject({ bytes: MODULE });
    const ranges = pull.requests
      .filter(({ line }) => line.includes(BLOB))
      .map(({ headers }) => headers.range);
    const starts = ranges.map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]));
    // How much of the cut answer arrives is the kernel's to say; that no byte is asked for twice is ours.
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts).toHaveLength(3);
    expect(starts[1]).toBeGreaterThan(0);
  });

  it.each([
    ["starts again with 200", (_: IncomingMessage, response: ServerResponse) => void response.end(MODULE)],
    ["knows no ranges and answers 416", failWith(416)],
    [
      "sends another range than was asked for",
      (_: IncomingMessage, response: ServerResponse) =>
        void response
          .writeHead(206, { "content-range": `bytes 0-9/${MODULE.length}` })
          .end(MODULE.subarray(0, 10)),
    ],
  ])("is whole in the end when the registry %s", async (_name, second) => {
    let count = 0;
    const pull = await pullWith(
      first(2, BLOB, (request, response) => {
        count += 1;
        if (count === 1) cut(1000)(request, response);
        else second(request, response);
      }),
    );
    expect(pull).toMatchObject({ bytes: MODULE });
  });

  it("is fetched anew where what an earlier attempt left is not its beginning", async () => {
    await using registry = await startFaultyRegistry();
    await using target = await makeTarget();
    await using puller = createPuller();
    const left = join(target.directory, `${sha256Of(MODULE).replace(":", "-")}.part`);
    await writeFile(left, "something else");
    const image = await puller.pull(registry.add(ARTIFACT), target);
    expect(await readFile(image.module.path)).toEqual(MODULE);
    const asked = registry.requests.filter(({ line }) => line.includes(BLOB));
    expect(asked.map(({ headers }) => headers.range)).toEqual(["bytes=14-", undefined]);
  });

  it("is given up when nothing more comes", async () => {
    const pull = await pullWith(first(Infinity, BLOB, cut(1000)));
    expect(pull).toMatchObject({ error: { code: "RegistryUnavailable" } });
    expect(pull.requests.filter(({ line }) => line.includes(BLOB)).length).toBeLessThan(10);
  });
});

describe("wrong bytes", () => {
  it("of a blob are refused, and none of them stay", async () => {
    const wrong = Buffer.from(MODULE);
    wrong[100_000] = (wrong[100_000] ?? 0) ^ 1;
    const pull = await pullWith(first(Infinity, BLOB, (_request, response) => void response.end(wrong)));
    expect(pull).toMatchObject({
      error: { code: "DigestMismatch", message: expect.stringContaining(sha256Of(wrong)) },
    });
    expect(pull.files).not.toContain(sha256Of(MODULE).replace(":", "-"));
  });

  it("beyond a blob's size are not even read to their end", async () => {
    const endless = (_request: IncomingMessage, response: ServerResponse): void => {
      const more = (): void => {
        while (!response.destroyed && response.write(MODULE));
        response.once("drain", more);
      };
      more();
    };
    const pull = await pullWith(first(Infinity, BLOB, endless));
    expect(pull).toMatchObject({
      error: { code: "DigestMismatch", message: expect.stringContaining("longer than") },
    });
  });

  it("of a manifest are refused, by the header's digest and by the reference's", async () => {
    const lie: Fault = (request, response) => {
      if (!(request.url ?? "").includes("/manifests/")) return false;
      response.setHeader("docker-content-digest", ARTIFACT.digest).end(`${ARTIFACT.manifest.toString()} `);
      return true;
    };
    expect(await pullWith(lie)).toMatchObject({ error: { code: "DigestMismatch" } });
    await using registry = await startFaultyRegistry(lie);
    await using target = await makeTarget();
    await using puller = createPuller();
    const pinned = `${registry.host}/app@${ARTIFACT.digest}`;
    await expect(puller.pull(pinned, target)).rejects.toMatchObject({ code: "DigestMismatch" });
  });

  it("of a manifest without end are refused", async () => {
    const pull = await pullWith(
      first(1, "/manifests/", (_request, response) => void response.end(Buffer.alloc(5 << 20, 0x20))),
    );
    expect(pull).toMatchObject({
      error: { code: "RegistryProtocol", message: expect.stringContaining("4194304") },
    });
  });

  it("fill no disk: a full one is told as such", async () => {
    await using registry = await startFaultyRegistry();
    await using target = await makeTarget();
    await using puller = createPuller();
    // Linux's /dev/full is a disk that is always full.
    const full = {
      ...target,
      add: async (digest: string, write: (path: string) => Promise<void>) => {
        await write(digest === sha256Of(MODULE) ? "/dev/full" : `${target.directory}/other`);
        return `${target.directory}/other`;
      },
    };
    await expect(puller.pull(registry.add(ARTIFACT), full)).rejects.toMatchObject({
      code: "NoSpace",
      message: expect.stringContaining("no space left"),
    });
  });
});

describe("manifests that lie", () => {
  const withManifest = (json: object): Promise<unknown> =>
    pullWith(first(1, "/manifests/", (_request, response) => void response.end(JSON.stringify(json)))).then(
      ({ reference: _reference, ...outcome }) => outcome,
    );

  it.each([
    ["an index and a manifest at once", { manifests: [], layers: [], config: {} }],
    ["no JSON object", []],
    ["digest is neither", { config: { mediaType: "a", digest: "md5:1", size: 1 } }],
    ["size is no size", { config: { mediaType: "a", digest: sha256Of(MODULE), size: -1 } }],
    ["layers is no list", { config: { mediaType: "a", digest: sha256Of(MODULE), size: 1 }, layers: {} }],
  ])("are refused: %s", async (says, json) => {
    expect(await withManifest(json)).toMatchObject({
      error: { code: "RegistryProtocol", message: expect.stringContaining(says) },
    });
  });

  it("are refused when they and the registry disagree about what they are", async () => {
    const pull = await pullWith(
      first(1, "/manifests/", (_request, response) => {
        response.setHeader("content-type", "application/vnd.oci.image.index.v1+json").end(ARTIFACT.manifest);
      }),
    );
    expect(pull).toMatchObject({
      error: { code: "RegistryProtocol", message: expect.stringContaining("mediaType") },
    });
  });

  it("cannot smuggle other bytes in a descriptor's data", async () => {
    const artifact = buildCncfArtifact(MODULE);
    const manifest = JSON.parse(artifact.manifest.toString()) as { config: { data?: string } };
    manifest.config.data = Buffer.from("{}").toString("base64");
    expect(await withManifest(manifest)).toMatchObject({ error: { code: "DigestMismatch" } });
  });

  it("cannot make an index lead to itself for ever", async () => {
    const pull = await pullWith((request, response) => {
      if (!(request.url ?? "").includes("/manifests/")) return false;
      const entry = {
        mediaType: "application/vnd.oci.image.index.v1+json",
        digest: sha256Of(MODULE),
        size: 1,
      };
      const body = JSON.stringify({ manifests: [entry] });
      if ((request.url ?? "").endsWith(sha256Of(MODULE))) response.end(body);
      else response.end(body);
      return true;
    });
    expect(pull).toMatchObject({ error: { code: "DigestMismatch" } });
  });

  it("cannot ask for more than an image may have", async () => {
    const descriptor = { mediaType: "application/wasm", digest: sha256Of(MODULE), size: 3 * 2 ** 30 };
    const config = { ...descriptor, mediaType: "application/vnd.wasm.config.v0+json", size: 2 };
    expect(await withManifest({ config, layers: [descriptor, descriptor] })).toMatchObject({
      error: { code: "UnsupportedArtifact", message: expect.stringContaining("the limit is 4294967296") },
    });
    const layers = Array.from({ length: 1001 }, () => ({ ...descriptor, size: 0 }));
    expect(await withManifest({ config, layers })).toMatchObject({
      error: { code: "UnsupportedArtifact", message: expect.stringContaining("the limit is 1000") },
    });
  });

  it("may name empty blobs", async () => {
    await using registry = await startFaultyRegistry();
    await using target = await makeTarget();
    await using puller = createPuller();
    const artifact = buildArtifact({
      config: { mediaType: "application/vnd.wasm.config.v0+json", bytes: Buffer.from("{}") },
      layers: [{ mediaType: "application/wasm", bytes: Buffer.alloc(0) }],
    });
    await expect(puller.pull(registry.add(artifact), target)).rejects.toMatchObject({
      code: "InvalidModule",
    });
  });
});

describe("redirects", () => {
  async function elsewhere(): Promise<{ url: string; seen: IncomingMessage["headers"][] } & AsyncDisposable> {
    const seen: IncomingMessage["headers"][] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.end(MODULE);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return {
      url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}/blob`,
      seen,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  it("to another host are followed without the login", async () => {
    await using other = await elsewhere();
    const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    await using registry = await startFaultyRegistry((request, response) => {
      if (request.headers.authorization !== basic) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
        return true;
      }
      if (request.url !== BLOB) return false;
      response.writeHead(307, { location: other.url }).end();
      return true;
    });
    await using target = await makeTarget();
    await using puller = createPuller();
    const credentials = [{ registry: registry.host, username: "me", password: "secret" }];
    const image = await puller.pull(registry.add(ARTIFACT), target, { credentials });
    expect(await readFile(image.module.path)).toEqual(MODULE);
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]).not.toHaveProperty("authorization");
  });

  it.each([
    ["to a host without TLS that nobody named", { location: "http://192.0.2.1/blob" }, "not encrypted"],
    ["to files", { location: "file:///etc/passwd" }, "not encrypted"],
    ["to nonsense", { location: "http://[" }, "no URL"],
    ["without end", { location: BLOB }, "without end"],
  ])("%s are refused", async (_name, headers, says) => {
    const pull = await pullWith(
      first(Infinity, BLOB, (_request, response) => void response.writeHead(307, headers).end()),
    );
    expect(pull).toMatchObject({
      error: { code: "RegistryProtocol", message: expect.stringContaining(says) },
    });
    expect(pull).toMatchObject({ error: { message: expect.stringContaining(`${pull.reference}: `) } });
  });
});

describe("a registry with TLS", () => {
  it("is not followed to where there is none, not even on this machine", async () => {
    const { key, certificate } = selfSignedCertificate();
    let plain = 0;
    const other = createServer((_request, response) => void response.end(`${(plain += 1)}`));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    const secured = createTlsServer({ key, cert: certificate }, (_request, response) => {
      response.writeHead(307, { location }).end();
    });
    await new Promise<void>((resolve) => secured.listen(0, "127.0.0.1", resolve));
    await using puller = createPuller({ ca: [certificate], retry: { attempts: 1 } });
    await expect(
      puller.resolve(`127.0.0.1:${(secured.address() as AddressInfo).port}/app:v1`),
    ).rejects.toMatchObject({
      code: "RegistryProtocol",
      message: expect.stringContaining("redirects from https to http"),
    });
    expect(plain).toBe(0);
    for (const server of [other, secured]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe("an insecure registry", () => {
  it("without a port has two: nobody at the one for TLS means that the other is asked", async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.setHeader("docker-content-digest", ARTIFACT.digest).end();
    });
    proxy.on("connect", (request: IncomingMessage, socket: Duplex) => {
      asked.push(`CONNECT ${request.url}`);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = proxy.address();
    const http = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
    await using puller = createPuller({
      proxy: { https: http, http },
      insecureRegistries: ["registry.invalid"],
      clock: quickClock(),
      retry: { attempts: 1 },
    });
    expect(await puller.resolve("registry.invalid/app:v1")).toMatchObject({ digest: ARTIFACT.digest });
    expect(asked).toEqual([
      "CONNECT registry.invalid:443",
      "HEAD http://registry.invalid/v2/app/manifests/v1",
    ]);
    await expect(puller.resolve("other.invalid/app:v1")).rejects.toMatchObject({
      code: "RegistryUnavailable",
    });
    expect(asked.slice(2)).toEqual(["CONNECT other.invalid:443"]);
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
});

describe("a proxy", () => {
  it("is used for other hosts and never for loopback", async () => {
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on("connect", (request: IncomingMessage, socket: Duplex) => {
      tunnels.push(request.url ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = proxy.address();
    const https = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
    await using registry = await startFaultyRegistry();
    await using puller = createPuller({
      proxy: { https, http: https },
      clock: quickClock(),
      retry: { attempts: 1 },
    });
    expect(await puller.resolve(registry.add(ARTIFACT))).toMatchObject({ digest: ARTIFACT.digest });
    expect(tunnels).toEqual([]);
    await expect(puller.resolve("registry.invalid/app:v1")).rejects.toMatchObject({
      code: "RegistryUnavailable",
    });
    expect(tunnels).toEqual(["registry.invalid:443"]);
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
});

describe("a hostile challenge", () => {
  it.each([
    ["a realm without TLS", 'Bearer realm="http://192.0.2.1/token",service="x"', "no credentials"],
    ["a realm that is a file", 'Bearer realm="file:///etc/passwd"', "no credentials"],
    ["a realm that is no URL", 'Bearer realm="::"', "no URL"],
  ])("with %s gets no login", async (_name, challenge, says) => {
    const pull = await pullWith(first(1, "/manifests/", failWith(401, { "www-authenticate": challenge })));
    expect(pull).toMatchObject({
      error: { code: "RegistryProtocol", message: expect.stringContaining(says) },
    });
  });

  it("may ask for more scope and gets pull of the one repository", async () => {
    const asked: string[] = [];
    const pull = await pullWith((request, response) => {
      const url = new URL(request.url ?? "/", "http://x");
      if (url.pathname === "/token") {
        asked.push(url.searchParams.get("scope") ?? "");
        response.end('{"access_token":"t"}');
        return true;
      }
      if (request.headers.authorization === "Bearer t") return false;
      const realm = `Bearer realm="http://${request.headers.host}/token",scope="repository:app:pull,push registry:catalog:*"`;
      response.writeHead(401, { "www-authenticate": `Negotiate abc=, ${realm}` }).end();
      return true;
    });
    expect(pull).toMatchObject({ bytes: MODULE });
    expect(asked).toEqual(["repository:app:pull"]);
  });

  it("names a token server that is down, and leaves a busy one alone for as long as it asks", async () => {
    const challenge = (realm: string) => failWith(401, { "www-authenticate": `Bearer realm="${realm}"` });
    const down = await pullWith(first(1, "/manifests/", challenge("http://127.0.0.1:1/token")));
    expect(down).toMatchObject({
      error: {
        code: "RegistryUnavailable",
        message: `${down.reference}: 127.0.0.1:1: nothing listens there; is the registry running?`,
      },
    });
    let busy = true;
    const pull = await pullWith((request, response) => {
      if (request.url?.startsWith("/token") === true) {
        if (busy) failWith(429, { "retry-after": "7" })(request, response);
        else response.end('{"token":"t"}');
        busy = false;
      } else if (request.headers.authorization === "Bearer t") return false;
      else challenge(`http://${request.headers.host}/token`)(request, response);
      return true;
    });
    expect(pull).toMatchObject({ bytes: MODULE });
    expect(pull.clock.slept).toEqual([7000]);
  });

  it("ends when the token is not taken either", async () => {
    const pull = await pullWith((request, response) => {
      if ((request.url ?? "").startsWith("/token")) response.end('{"token":"t"}');
      else
        response
          .writeHead(401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` })
          .end();
      return true;
    });
    expect(pull).toMatchObject({ error: { code: "RegistryUnauthorized" } });
    expect(pull.requests.length).toBeLessThan(6);
  });

  it("falls back to GET where a token server knows no POST", async () => {
    const methods: string[] = [];
    await using registry = await startFaultyRegistry((request, response) => {
      if ((request.url ?? "").startsWith("/token")) {
        methods.push(request.method ?? "");
        if (request.method === "POST") response.writeHead(404).end();
        else response.end('{"token":"t"}');
        return true;
      }
      if (request.headers.authorization === "Bearer t") return false;
      response
        .writeHead(401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` })
        .end();
      return true;
    });
    await using puller = createPuller();
    const credentials = [{ registry: registry.host, identityToken: "refresh" }];
    const resolved = await puller.resolve(registry.add(ARTIFACT), { credentials });
    expect(resolved.digest).toBe(ARTIFACT.digest);
    expect(methods).toEqual(["POST", "GET"]);
  });
});
