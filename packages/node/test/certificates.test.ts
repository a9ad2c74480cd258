import type { KeyObject } from "node:crypto";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock, selfSignedCertificate } from "@krustlet/testkit";
import { publicHalfOf } from "@krustlet/x509";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publicKeyOf } from "../src/build-certificate-request.ts";
import {
  buildCertificateRequest,
  loadCertificate,
  loadOrCreateKey,
  requestCertificate,
  storeCertificate,
} from "../src/index.ts";
import { ApiServer } from "./api-server.ts";
import { deny } from "./signer.ts";

const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const signed = selfSignedCertificate(new Date("2026-01-01T00:00:00Z"));
const key = createPrivateKey(signed.key);
const certificate = Buffer.from(signed.certificate).toString("base64");
const client = { use: "client", nodeName: "edge-1", key } as const;
const pemBodyOf = (request: string): string =>
  Buffer.from(request, "base64").toString().split("\n").slice(1, -2).join("");
const nameOf = (init: Parameters<typeof buildCertificateRequest>[0]): string =>
  buildCertificateRequest(init).metadata?.name ?? "";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "node-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("a certificate request", () => {
  it("of a client asks the API server's signer, with the node's key", () => {
    const request = buildCertificateRequest(client);
    expect(request.spec).toMatchObject({
      signerName: "kubernetes.io/kube-apiserver-client-kubelet",
      usages: ["digital signature", "client auth"],
    });
    expect(publicKeyOf(request)?.equals(publicHalfOf(key))).toBe(true);
    const text = Buffer.from(pemBodyOf(request.spec.request), "base64").toString("latin1");
    expect(text).toContain("system:nodes");
    expect(text).toContain("system:node:edge-1");
  });

  it("for serving asks the kubelet's signer, with the node's names and addresses", () => {
    const addresses = ["edge-1", "192.0.2.10", "edge-1"];
    const { spec } = buildCertificateRequest({ ...client, use: "serving", addresses });
    expect(spec).toMatchObject({
      signerName: "kubernetes.io/kubelet-serving",
      usages: ["digital signature", "server auth"],
    });
    const hex = Buffer.from(pemBodyOf(spec.request), "base64").toString("hex");
    // One DNS name, one address, and nothing after them.
    expect(hex).toContain(`300e8206${Buffer.from("edge-1").toString("hex")}8704c000020a`);
  });

  it("has a name of its own for each key, node, use and address, and always the same one", () => {
    expect(nameOf(client)).toMatch(/^node-csr-[0-9a-f]{64}$/);
    expect(nameOf(client)).toBe(nameOf(client));
    const serving = { ...client, use: "serving", addresses: ["a"] } as const;
    const names = [
      client,
      { ...client, key: newKey() },
      { ...client, nodeName: "b" },
      serving,
      { ...serving, addresses: ["b"] },
    ];
    expect(new Set(names.map(nameOf)).size).toBe(5);
  });

  it.each([
    [{ nodeName: "a,O=system:masters" }, "DNS subdomain"],
    [{ use: "serving" as const }, "needs an address"],
    [{ use: "serving" as const, addresses: ["a b"] }, "no DNS name"],
    [{ key: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey }, "P-256"],
  ])("is refused: %j", (part, sentence) => {
    expect(() => buildCertificateRequest({ ...client, ...part })).toThrow(sentence);
  });
});

describe("requestCertificate", () => {
  const issue = (api: ApiServer, name: string): void => {
    api.requests.set(name, {
      metadata: { name },
      spec: api.requests.get(name)!.spec,
      status: { certificate },
    });
  };

  it("waits for approval, through failures, and tells what it waits for", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const pending: string[] = [];
    const faults = ["broken", 500, undefined, 429, "hangs"] as const;
    let at = 0;
    api.fault = () => faults[at++];
    const asked = requestCertificate(api, client, { clock, onPending: (name) => pending.push(name) });
    await clock.advance(60_000);
    expect(pending).toEqual([nameOf(client)]);
    issue(api, nameOf(client));
    await clock.advance(8000);
    expect(await asked).toMatchObject({ certificate: signed.certificate, requestName: nameOf(client) });
    expect(api.requests.size).toBe(1);
  });

  it("takes up what a former process asked with the same key", async () => {
    const api = new ApiServer();
    api.requests.set(nameOf(client), buildCertificateRequest(client));
    issue(api, nameOf(client));
    expect((await requestCertificate(api, client, { clock: new FakeClock() })).requestName).toBe(
      nameOf(client),
    );
  });

  it("steps over another key's request and over a certificate that is over", async () => {
    const other = buildCertificateRequest({ ...client, key: newKey() });
    const expired = new FakeClock(new Date("2027-01-01T00:00:00Z"));
    const name = nameOf(client);
    const cases = [
      [other, new FakeClock()],
      [buildCertificateRequest(client), expired],
    ] as const;
    for (const [leftover, clock] of cases) {
      const api = new ApiServer();
      api.requests.set(name, { spec: leftover.spec, status: { certificate } });
      const end = new AbortController();
      const asked = requestCertificate(api, client, { clock, signal: end.signal });
      await clock.advance(1000);
      expect([...api.requests.keys()]).toEqual([name, `${name}-2`]);
      end.abort(new Error("end"));
      await expect(asked).rejects.toThrow("end");
    }
  });

  it("says so when it is denied, and refuses a certificate of another's key", async () => {
    const api = new ApiServer();
    const clock = new FakeClock();
    const denied = requestCertificate(api, client, { clock });
    denied.catch(() => {});
    await clock.advance(0);
    deny(api, nameOf(client));
    await clock.advance(1000);
    await expect(denied).rejects.toMatchObject({
      code: "CertificateDenied",
      message: expect.stringContaining("was denied: not you"),
    });
    const mine = { ...client, key: newKey() };
    api.requests.set(nameOf(mine), { spec: buildCertificateRequest(mine).spec, status: { certificate } });
    await expect(requestCertificate(api, mine)).rejects.toThrow("belongs to another key");
  });
});

describe("key and certificate files", () => {
  it("holds one key, whoever makes it first, that only its owner may read", async () => {
    const path = join(directory, "pki", "client.key");
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateKey(path)));
    expect(keys.every((other) => other.equals(keys[0]!))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, "pki"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(directory, "pki"))).toEqual(["client.key"]);
  });

  it("are replaced at once, and stay private", async () => {
    const path = join(directory, "kubelet-client-current.pem");
    expect(await loadCertificate(path)).toBeUndefined();
    await writeFile(path, "half a fil");
    await chmod(path, 0o644);
    await expect(loadCertificate(path)).rejects.toMatchObject({ code: "InvalidObject" });
    await storeCertificate(path, signed.certificate, key);
    const stored = await loadCertificate(path);
    expect(stored?.certificate).toBe(signed.certificate);
    expect(stored?.key.equals(key)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await storeCertificate(path, signed.certificate, newKey());
    await expect(loadCertificate(path)).rejects.toThrow("does not belong to the key");
  });
});
