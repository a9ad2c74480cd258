import { generateKeyPairSync, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { mkdtemp, mkdir, readdir, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, FakeClock } from "@krustlet/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { certificateFilesOf } from "../src/certificate-files.ts";
import { keepCertificate, loadCertificate } from "../src/index.ts";
import type { KeepCertificateOptions, NodeCertificate } from "../src/index.ts";
import { ApiServer } from "./api-server.ts";
import { advanceWithFiles, approve, deny, signedFor } from "./signer.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

let directory = "";
let clock: FakeClock;
let api: ApiServer;
let told: NodeCertificate[];
let failures: string[];
let stop: () => Promise<void>;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "keep-")), "pki");
  clock = new FakeClock();
  api = new ApiServer();
  told = [];
  failures = [];
  stop = async () => {};
});
afterEach(async () => {
  await stop();
  await rm(join(directory, ".."), { recursive: true, force: true });
});

/** Starts to keep a certificate; a second call is what a restart does. */
async function keep(options: Partial<KeepCertificateOptions> = {}): Promise<void> {
  await stop();
  const end = new AbortController();
  const keeping = keepCertificate(() => api, {
    use: "client",
    nodeName: "edge-1",
    directory,
    clock,
    random: () => 0.5,
    signal: end.signal,
    onCertificate: (certificate) => told.push(certificate),
    onFailure: (error) => failures.push((error as Error).message),
    ...options,
  });
  stop = async () => {
    end.abort();
    await keeping;
    expect(clock.sleeping).toBe(0);
  };
}
const serving = (addresses: readonly string[] = ["edge-1", "192.0.2.10"]) =>
  ({ use: "serving", addresses: () => addresses }) as const;
const froms = (): string[] => told.map(({ from }) => from);
const requests = (): string[] => [...api.requests.keys()];
const requested = (count: number): Promise<void> =>
  eventually(
    () => api.requests.size >= count && clock.sleeping > 0,
    () => `${api.requests.size} requests: ${failures.join("; ")}`,
  );
const soon = (): Promise<void> => advanceWithFiles(clock, 10_000);

describe("a client certificate", () => {
  const sign = (lifeMs: number): void => {
    for (const [name, request] of api.requests) {
      if (request.status === undefined) approve(api, name, { now: clock.now(), lifeMs });
    }
  };

  it("is asked for, told, and kept in the kubelet's files with its key, for nobody else to read", async () => {
    await keep();
    await requested(1);
    sign(DAY);
    await soon();
    expect(froms()).toEqual(["issued"]);
    const link = join(directory, "kubelet-client-current.pem");
    expect((await readdir(directory)).toSorted()).toHaveLength(2);
    expect(await readlink(link)).toMatch(/^kubelet-client-2026-01-01-00-00-\d\d\.pem$/);
    expect((await stat(link)).mode & 0o777).toBe(0o600);
    const stored = (await loadCertificate(link))!;
    expect(stored.certificate).toBe(told[0]!.certificate);
    expect(stored.key.export({ type: "pkcs8", format: "pem" })).toBe(told[0]!.key);
  });

  it("is renewed with another key at 80 % of its life, again and again, and old ones are removed", async () => {
    await keep();
    for (let round = 1; round <= 4; round += 1) {
      await requested(round);
      sign(DAY);
      await soon();
      expect(froms()).toHaveLength(round);
      await advanceWithFiles(clock, 0.79 * DAY);
      expect(api.requests.size).toBe(round);
      await advanceWithFiles(clock, 0.02 * DAY);
    }
    expect(new Set(told.map(({ key }) => key)).size).toBe(4);
    expect((await readdir(directory)).filter((name) => /\d\.pem$/.test(name))).toHaveLength(2);
    expect(failures).toEqual([]);
  });

  it("that is on disk is told at once, and renewed when it is due by its own dates", async () => {
    const key = newKey();
    const policy = { now: clock.now(), lifeMs: HOUR, backMs: HOUR };
    await certificateFilesOf(directory, "client").store(signedFor(key, policy), key, clock.now());
    await keep();
    await eventually(
      () => told.length > 0,
      () => "not told",
    );
    expect(froms()).toEqual(["stored"]);
    await advanceWithFiles(clock, 0.59 * HOUR);
    expect(requests()).toEqual([]);
    await advanceWithFiles(clock, 0.03 * HOUR);
    expect(requests()).toHaveLength(1);
    sign(DAY);
    await soon();
    expect(froms()).toEqual(["stored", "issued"]);
  });

  it("of a short life that is dated back further is not renewed over and over", async () => {
    await keep();
    await requested(1);
    approve(api, requests()[0]!, { now: clock.now(), lifeMs: 60_000, backMs: 300_000 });
    await advanceWithFiles(clock, 40_000);
    expect(requests()).toHaveLength(1);
    await advanceWithFiles(clock, 20_000);
    expect(requests()).toHaveLength(2);
  });

  it("that is over is asked for by somebody else than the node", async () => {
    const key = newKey();
    const policy = { now: clock.now(), lifeMs: -HOUR, backMs: DAY };
    await certificateFilesOf(directory, "client").store(signedFor(key, policy), key, clock.now());
    const asked: string[] = [];
    await stop();
    const end = new AbortController();
    const keeping = keepCertificate(
      (current) => {
        asked.push(current);
        return api;
      },
      {
        use: "client",
        nodeName: "edge-1",
        directory,
        clock,
        signal: end.signal,
        onCertificate: (certificate) => told.push(certificate),
      },
    );
    await requested(1);
    expect([asked, told]).toEqual([["none"], []]);
    end.abort();
    await keeping;
  });

  it("is renewed within a minute after the clock has jumped past its end", async () => {
    await keep();
    await requested(1);
    sign(DAY);
    await soon();
    const jumped = clock.now().getTime() + 30 * DAY;
    clock.now = () => new Date(jumped);
    await advanceWithFiles(clock, 60_000);
    expect(requests()).toHaveLength(2);
  });

  it.each(["Denied", "Failed"] as const)(
    "that is %s is told, and asked for with another key later",
    async (how) => {
      await keep();
      await requested(1);
      deny(api, requests()[0]!, how);
      await soon();
      expect(failures.at(-1)).toContain("not you");
      await advanceWithFiles(clock, 9 * 60_000);
      expect(requests()).toHaveLength(1);
      await advanceWithFiles(clock, 2 * 60_000);
      expect(requests()).toHaveLength(2);
      expect(requests()[1]).not.toContain(requests()[0]);
    },
  );

  it("is asked for again when the request is deleted, when whoever asks may not yet, and through failures", async () => {
    await keep();
    await requested(1);
    api.requests.clear();
    await advanceWithFiles(clock, 15_000);
    expect(requests()).toHaveLength(1);
    api.requests.clear();
    api.fault = (call) => (call === "createCsr" ? 403 : undefined);
    await advanceWithFiles(clock, 60_000);
    expect(failures.at(-1)).toContain("does not let node edge-1 ask for a certificate (HTTP 403)");
    api.fault = () => undefined;
    await advanceWithFiles(clock, 40_000);
    sign(DAY);
    await soon();
    expect(froms()).toEqual(["issued"]);
  });

  it("that is no certificate, or of another key, is not used, and asked for with another key", async () => {
    await keep();
    await requested(1);
    const [name = ""] = requests();
    api.requests.set(
      name,
      Object.assign({}, api.requests.get(name), { status: { certificate: "bm9uZQ==" } }),
    );
    await soon();
    expect(failures.at(-1)).toContain("is no certificate");
    await soon();
    await requested(2);
    const other = signedFor(newKey(), { now: clock.now(), lifeMs: DAY });
    const certificate = Buffer.from(other).toString("base64");
    const second = requests()[1]!;
    api.requests.set(second, Object.assign({}, api.requests.get(second), { status: { certificate } }));
    await soon();
    expect(failures.at(-1)).toContain("belongs to another key");
    expect(told).toEqual([]);
    await soon();
    await requested(3);
    sign(DAY);
    await soon();
    expect(froms()).toEqual(["issued"]);
  });

  it("that is another node's, or damaged, is not told but replaced", async () => {
    const key = newKey();
    const others = signedFor(key, { now: clock.now(), lifeMs: DAY, nodeName: "edge-2" });
    await certificateFilesOf(directory, "client").store(others, key, clock.now());
    await keep();
    await requested(1);
    expect(told).toEqual([]);
    await stop();
    await writeFile(join(directory, "kubelet-client-current.pem"), "half a fi");
    await keep();
    await eventually(
      () => failures.length > 0,
      () => "no failure",
    );
    expect(failures.at(-1)).toContain("kubelet-client-current.pem holds no");
    await soon();
    sign(DAY);
    await soon();
    expect(froms()).toEqual(["issued"]);
  });

  it("is used even where it cannot be stored", async () => {
    await keep();
    await requested(1);
    await rm(directory, { recursive: true });
    await writeFile(directory, "a file in its place");
    sign(DAY);
    await soon();
    expect(froms()).toEqual(["issued"]);
    expect(failures).toHaveLength(1);
    await rm(directory);
  });
});

describe("what a kill leaves", () => {
  it("is taken up: the request that waits, with its key", async () => {
    await keep();
    await requested(1);
    await stop();
    approve(api, requests()[0]!, { now: clock.now(), lifeMs: DAY });
    await keep();
    await eventually(
      () => told.length > 0,
      () => failures.join("; "),
    );
    expect(requests()).toHaveLength(1);
    expect(froms()).toEqual(["issued"]);
  });

  it("is no obstacle: a damaged key, a request that was denied, files half written", async () => {
    await keep();
    await requested(1);
    await stop();
    deny(api, requests()[0]!);
    await keep();
    await requested(2);
    expect(requests()[1]).toBe(`${requests()[0]}-2`);
    await stop();
    await writeFile(join(directory, "kubelet-client.key.tmp"), "");
    const left = [
      "kubelet-client-2025-01-01-00-00-00.pem.0af.tmp",
      "kubelet-client-2025-01-01-00-00-00.pem",
      "kubelet-client-current.pem.0af.tmp",
      "kubelet-client.key.tmp.0af.tmp",
    ];
    for (const name of left) await writeFile(join(directory, name), "half");
    await symlink("nowhere", join(directory, "kubelet-client-current.pem"));
    await keep();
    await requested(3);
    approve(api, requests()[2]!, { now: clock.now(), lifeMs: DAY });
    await soon();
    expect(froms()).toEqual(["issued"]);
    expect((await readdir(directory)).filter((name) => name.endsWith(".0af.tmp"))).toEqual([]);
    expect(await loadCertificate(join(directory, "kubelet-client-current.pem"))).toBeDefined();
  });

  it("between storing a certificate and dropping its key does not make the next one have the same key", async () => {
    await mkdir(directory, { recursive: true });
    const files = certificateFilesOf(directory, "client");
    const key = await files.pendingKey();
    await files.store(signedFor(key, { now: clock.now(), lifeMs: 1000, backMs: HOUR }), key, clock.now());
    await keep();
    await requested(1);
    expect((await files.pendingKey()).equals(key)).toBe(false);
  });
});

describe("a serving certificate", () => {
  const names = { dns: ["edge-1"], ips: ["192.0.2.10"] };

  it("that nobody approves holds up nothing: the node serves with one that signs itself", async () => {
    const pending: string[] = [];
    await keep({ ...serving(), onPending: (name) => pending.push(name) });
    await requested(1);
    expect(froms()).toEqual(["self-signed"]);
    const own = new X509Certificate(told[0]!.certificate);
    expect([own.checkHost("edge-1"), own.checkIP("192.0.2.10")]).toEqual(["edge-1", "192.0.2.10"]);
    expect(own.verify(own.publicKey)).toBe(true);
    await advanceWithFiles(clock, 3 * HOUR);
    expect(pending).toEqual(requests());
    approve(api, requests()[0]!, { now: clock.now(), lifeMs: DAY, names });
    await soon();
    expect(froms()).toEqual(["self-signed", "issued"]);
    expect(failures).toEqual([]);
  });

  it("that ends before the next one is approved gives way to one that signs itself", async () => {
    await keep(serving());
    await requested(1);
    approve(api, requests()[0]!, { now: clock.now(), lifeMs: HOUR, names });
    await soon();
    await advanceWithFiles(clock, 1.05 * HOUR);
    expect(froms()).toEqual(["self-signed", "issued", "self-signed"]);
    expect(requests()).toHaveLength(2);
  });

  it("is asked for anew when the node's addresses change, and used until then", async () => {
    let addresses: readonly string[] = [];
    await keep({ ...serving(), addresses: () => addresses });
    await eventually(
      () => told.length > 0,
      () => "not told",
    );
    await advanceWithFiles(clock, 120_000);
    expect(requests()).toEqual([]);
    addresses = ["edge-1", "192.0.2.10"];
    await advanceWithFiles(clock, 120_000);
    expect(requests()).toHaveLength(1);
    approve(api, requests()[0]!, { now: clock.now(), lifeMs: DAY, names });
    await soon();
    addresses = ["edge-1", "192.0.2.11"];
    await advanceWithFiles(clock, 120_000);
    expect(requests()).toHaveLength(2);
    addresses = ["edge-1", "192.0.2.12"];
    await advanceWithFiles(clock, 120_000);
    expect(requests()).toHaveLength(3);
    expect(froms()).toEqual(["self-signed", "self-signed", "issued"]);
  });

  it("is the node's own for good where none is to be asked for, and a new one in time", async () => {
    await keep({ ...serving(), request: false });
    await eventually(
      () => told.length > 0,
      () => "not told",
    );
    const jumped = clock.now().getTime() + 330 * DAY;
    clock.now = () => new Date(jumped);
    await advanceWithFiles(clock, 120_000);
    expect(froms()).toEqual(["self-signed", "self-signed"]);
    expect(new X509Certificate(told[1]!.certificate).checkIP("192.0.2.10")).toBe("192.0.2.10");
    expect(requests()).toEqual([]);
  });
});
