import { generateKeyPairSync, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, FakeClock } from "@krustlet/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { bootstrapNode, loadCertificate } from "../src/index.ts";
import type { BootstrapOptions } from "../src/index.ts";
import { ApiServer } from "./api-server.ts";
import { approve, deny, signedFor } from "./signer.ts";

const DAY = 24 * 3_600_000;
const CLUSTER = { server: "https://192.0.2.1:6443", "certificate-authority-data": "Y2E=" };

let root = "";
let clock: FakeClock;
let api: ApiServer;
let replaced: string[];
let opened: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bootstrap-"));
  clock = new FakeClock();
  api = new ApiServer();
  replaced = [];
  opened = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (...parts: string[]): string => join(root, ...parts);
const writeKubeconfig = async (name: string, user: object, cluster: object = CLUSTER): Promise<void> => {
  await mkdir(join(at(name), ".."), { recursive: true });
  await writeFile(
    at(name),
    stringify({
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );
};
/** A kubeconfig's user with a certificate and a key in it. */
const userOf = (certificate: string, key: KeyObject): object => ({
  "client-certificate-data": Buffer.from(certificate).toString("base64"),
  "client-key-data": Buffer.from(key.export({ type: "pkcs8", format: "pem" })).toString("base64"),
});
const writeToken = (): Promise<void> =>
  writeKubeconfig("bootstrap.conf", { token: "abcdef.0123456789abcdef" });
const bootstrap = (options: Partial<BootstrapOptions> = {}): Promise<boolean> =>
  bootstrapNode({
    nodeName: "edge-1",
    kubeconfig: at("node", "kubeconfig"),
    bootstrapKubeconfig: at("bootstrap.conf"),
    directory: at("pki"),
    clock,
    open: async (path) => {
      opened.push(path);
      return { client: api, [Symbol.asyncDispose]: async () => void opened.push("closed") };
    },
    onReplaced: (sentence) => replaced.push(sentence),
    ...options,
  });
const sign = (lifeMs: number = DAY): void => {
  for (const [name, request] of api.requests) {
    if (request.status === undefined) approve(api, name, { now: clock.now(), lifeMs });
  }
};
const requested = (count: number): Promise<void> =>
  eventually(
    () => api.requests.size >= count && clock.sleeping > 0,
    () => `${api.requests.size} requests`,
  );
/** Bootstraps with a signer that approves. */
const issued = async (options: Partial<BootstrapOptions> = {}): Promise<boolean> => {
  const before = api.requests.size;
  const running = bootstrap(options);
  running.catch(() => {});
  await requested(before + 1);
  sign();
  await clock.advance(10_000);
  return running;
};

describe("TLS bootstrap", () => {
  it("makes a token a certificate, and a kubeconfig that points to it and tells no token", async () => {
    await writeToken();
    expect(await issued()).toBe(true);
    expect(opened).toEqual([at("bootstrap.conf"), "closed"]);
    const text = await readFile(at("node", "kubeconfig"), "utf8");
    expect(text).not.toContain("abcdef");
    const pem = at("pki", "kubelet-client-current.pem");
    expect(parse(text)).toMatchObject({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "default-cluster", cluster: CLUSTER }],
      users: [{ name: "default-auth", user: { "client-certificate": pem, "client-key": pem } }],
      "current-context": "default-context",
    });
    expect((await stat(at("node", "kubeconfig"))).mode & 0o777).toBe(0o600);
    const { subject } = new X509Certificate((await loadCertificate(pem))!.certificate);
    expect(subject).toBe("O=system:nodes\nCN=system:node:edge-1");
    expect((await readdir(at("pki"))).some((name) => name.endsWith(".tmp"))).toBe(false);
  });

  it("keeps the paths of the bootstrap kubeconfig, wherever it writes the other", async () => {
    await writeKubeconfig(
      "bootstrap.conf",
      { token: "t" },
      { server: CLUSTER.server, "certificate-authority": "ca.crt" },
    );
    await issued();
    expect(parse(await readFile(at("node", "kubeconfig"), "utf8"))).toMatchObject({
      clusters: [{ cluster: { server: CLUSTER.server, "certificate-authority": at("ca.crt") } }],
    });
  });

  it("is not done where the kubeconfig is good: its certificate, or credentials of another kind", async () => {
    await writeToken();
    await issued();
    expect(await bootstrap()).toBe(false);
    await writeKubeconfig("node/kubeconfig", { exec: { command: "get-token" } });
    expect(await bootstrap()).toBe(false);
    expect(opened).toHaveLength(2);
    expect(replaced).toEqual([]);
  });

  it("is done again when the certificate has expired, with a sentence that says so", async () => {
    await writeToken();
    await issued();
    clock = new FakeClock(new Date("2026-02-01T00:00:00Z"));
    expect(await issued()).toBe(true);
    expect(replaced.join("")).toMatch(
      /kubeconfig is replaced: its client certificate has expired on 2026-01-02T/,
    );
    expect(await bootstrap()).toBe(false);
  });

  it("replaces an empty kubeconfig, and one of its own whose certificate is not there any more", async () => {
    await writeToken();
    await mkdir(at("node"));
    await writeFile(at("node", "kubeconfig"), "\n");
    await issued();
    expect(replaced.join("")).toContain("has no current-context");
    await rm(at("pki"), { recursive: true });
    await issued();
    expect(replaced.join("")).toContain("kubelet-client-current.pem is missing");
  });

  it("replaces one with this node's certificate and a key of another", async () => {
    await writeToken();
    const keys = [1, 2].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
    const certificate = signedFor(keys[0]!, { now: clock.now(), lifeMs: DAY, nodeName: "edge-1" });
    await writeKubeconfig("node/kubeconfig", userOf(certificate, keys[1]!));
    await issued();
    expect(replaced.join("")).toContain("its key belongs to another certificate");
  });

  it.each([
    ["half a yaml: [", "is no YAML"],
    ["vm\n", "has no current-context"],
    [stringify({ "current-context": "x", contexts: [] }), "has no context named x"],
  ])("leaves a file alone that is no kubeconfig, for its path may be mistyped: %j", async (text, reason) => {
    await writeToken();
    await mkdir(at("node"));
    await writeFile(at("node", "kubeconfig"), text);
    await expect(bootstrap()).rejects.toMatchObject({
      code: "InvalidObject",
      message: expect.stringMatching(
        new RegExp(`${reason}\\. It is none that this node has made, and is left`, "u"),
      ),
    });
    expect(await readFile(at("node", "kubeconfig"), "utf8")).toBe(text);
    expect(opened).toEqual([]);
  });

  it.each([
    [{}, "it has no credentials"],
    [{ "client-certificate": "gone.pem", "client-key": "gone.pem" }, "gone.pem is missing"],
    [{ "client-certificate-data": "bm9uZQ==" }, "it has no client key"],
    [{ "client-certificate-data": "bm9uZQ==", "client-key-data": "bm9uZQ==" }, "cannot be read"],
  ])(
    "leaves a kubeconfig alone whose credentials are somebody else's and useless: %j",
    async (user, reason) => {
      await writeToken();
      await writeKubeconfig("node/kubeconfig", user);
      await expect(bootstrap()).rejects.toThrow(reason);
      expect(replaced).toEqual([]);
    },
  );

  it("leaves an administrator's kubeconfig alone whose certificate has expired", async () => {
    await writeToken();
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const init = { now: new Date(clock.now().getTime() - 2 * DAY), lifeMs: DAY, nodeName: "edge-1" };
    const certificate = signedFor(key, { ...init, user: "kubernetes-admin" });
    await writeKubeconfig("node/kubeconfig", userOf(certificate, key));
    await expect(bootstrap()).rejects.toThrow("has expired on");
    expect(replaced).toEqual([]);
  });

  it("says that a directory is no kubeconfig", async () => {
    await writeToken();
    await expect(bootstrap({ bootstrapKubeconfig: root })).rejects.toThrow(
      `The kubeconfig ${root} cannot be read: it is a directory.`,
    );
    await expect(bootstrap({ kubeconfig: root })).rejects.toMatchObject({
      code: "InvalidObject",
      message: `The kubeconfig ${root} cannot be used: it cannot be read: it is a directory. It is none that this node has made, and is left as it is: remove it, or give another one.`,
    });
  });

  it("never makes this node another one: a kubeconfig of edge-2 is refused, and stays", async () => {
    await writeToken();
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const certificate = signedFor(key, { now: clock.now(), lifeMs: DAY, nodeName: "edge-2" });
    await writeKubeconfig("node/kubeconfig", userOf(certificate, key));
    await expect(bootstrap()).rejects.toMatchObject({
      code: "InvalidField",
      message: expect.stringContaining("is node edge-2's, and this node is edge-1; give --node-name edge-2"),
    });
    expect(opened).toEqual([]);
  });

  it("says what is missing", async () => {
    await expect(bootstrap()).rejects.toMatchObject({
      code: "InvalidObject",
      message: `The kubeconfig ${at("node", "kubeconfig")} does not exist; and there is no bootstrap kubeconfig ${at("bootstrap.conf")}.`,
    });
    await writeFile(at("bootstrap.conf"), "current-context: x\n");
    await expect(bootstrap()).rejects.toThrow("bootstrap.conf has no context named x");
  });

  it("takes up what a kill left: the request, the key, a certificate without a kubeconfig", async () => {
    await writeToken();
    const end = new AbortController();
    const killed = bootstrap({ signal: end.signal });
    await requested(1);
    end.abort(new Error("killed"));
    await expect(killed).rejects.toThrow("killed");
    sign();
    expect(await bootstrap()).toBe(true);
    expect(api.requests.size).toBe(1);
    await rm(at("node", "kubeconfig"));
    expect(await issued()).toBe(true);
  });

  it("gives a token that is not accepted a minute, then says so; one that is denied asks with another key", async () => {
    await writeToken();
    api.fault = () => 401;
    const failures: unknown[] = [];
    const refused = bootstrap({ onFailure: (error) => failures.push(error) });
    refused.catch(() => {});
    await eventually(
      () => clock.sleeping > 0,
      () => "does not wait",
    );
    await clock.advance(61_000);
    await expect(refused).rejects.toMatchObject({
      code: "CertificateDenied",
      message: expect.stringContaining("does not let node edge-1 ask for a certificate (HTTP 401)"),
    });
    expect(failures.length).toBeGreaterThan(5);
    api.fault = () => undefined;
    const denied = bootstrap();
    denied.catch(() => {});
    await requested(1);
    deny(api, [...api.requests.keys()][0]!);
    await clock.advance(10_000);
    await expect(denied).rejects.toMatchObject({ code: "CertificateDenied" });
    expect(await issued()).toBe(true);
    expect(api.requests.size).toBe(2);
  });

  it("waits for an API server that does not answer, for as long as it takes", async () => {
    await writeToken();
    api.fault = () => "broken";
    let asking = 0;
    const running = bootstrap({ onAsking: () => (asking += 1) });
    await eventually(
      () => clock.sleeping > 0,
      () => "does not wait",
    );
    await clock.advance(3_600_000);
    // Whoever does not wait for it knows.
    expect(asking).toBe(1);
    api.fault = () => undefined;
    await clock.advance(10_000);
    sign();
    await clock.advance(10_000);
    expect(await running).toBe(true);
  });
});
