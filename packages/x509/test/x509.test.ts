import { spawnSync } from "node:child_process";
import type { KeyObject } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDer } from "../src/der.ts";
import {
  buildCertificate,
  buildCertificationRequest,
  buildSelfSignedCertificate,
  publicHalfOf,
  publicKeyOfRequest,
} from "../src/index.ts";

const newKey = (curve = "P-256"): KeyObject => generateKeyPairSync("ec", { namedCurve: curve }).privateKey;
const key = newKey();
const dns = ["edge-1", "edge-1.example.com"];
const ips = ["192.0.2.10", "2001:db8::1:0:2", "::ffff:1.2.3.4", "::"];
const subject = { commonName: "system:node:edge-1", organization: "system:nodes" };
const year = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2027-01-01T00:00:00Z") };
const openssl = (args: readonly string[], input: string): string => {
  const { stdout, stderr, status } = spawnSync("openssl", args, { input, encoding: "utf8" });
  return status === 0 ? stdout + stderr : `exit ${status}: ${stderr}`;
};
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const seed = { seed: 4, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 300) };

describe("a self-signed certificate", () => {
  const pem = buildSelfSignedCertificate({ subject, dns, ips, ...year, key });
  const certificate = new X509Certificate(pem);

  it("is for its names and addresses, its key and its time, and for no more", () => {
    expect(certificate.subject).toBe("O=system:nodes\nCN=system:node:edge-1");
    expect(certificate.verify(createPublicKey(key))).toBe(true);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect([certificate.validFromDate, certificate.validToDate]).toEqual([year.notBefore, year.notAfter]);
    expect(dns.map((name) => certificate.checkHost(name))).toEqual(dns);
    expect(ips.map((ip) => certificate.checkIP(ip))).toEqual(ips);
    expect(certificate.checkHost("edge-2")).toBeUndefined();
    expect(certificate.checkIP("192.0.2.11")).toBeUndefined();
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  it("is what a TLS client that trusts it alone connects to", async () => {
    const keyPem = key.export({ type: "pkcs8", format: "pem" });
    const notAfter = new Date("2099-01-01T00:00:00Z");
    const cert = buildSelfSignedCertificate({ subject, dns, ips: ["127.0.0.1"], ...year, notAfter, key });
    const server = createServer({ cert, key: keyPem }, (socket) => socket.end("hello"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", ca: cert });
    const [greeting] = (await once(socket, "data")) as [Buffer];
    expect(greeting.toString()).toBe("hello");
    expect(socket.authorized).toBe(true);
    const stranger = connect({ port, host: "127.0.0.1", ca: pem });
    await expect(once(stranger, "secureConnect")).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:DEPTH_ZERO|CERT_|UNABLE)/),
    });
    server.close();
  });

  it("has another serial number each time", () => {
    const serial = (): string =>
      new X509Certificate(buildSelfSignedCertificate({ subject, ...year, key })).serialNumber;
    expect(serial()).not.toBe(serial());
    expect(serial()).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it("may end after 2049, where dates are written in another way", () => {
    const notAfter = new Date("2051-02-03T04:05:06Z");
    const long = buildSelfSignedCertificate({ subject, ...year, notAfter, key });
    expect(new X509Certificate(long).validToDate).toEqual(notAfter);
  });

  it.runIf(hasOpenssl)("is read and verified by openssl", () => {
    const text = openssl(["x509", "-noout", "-text"], pem);
    expect(text).toContain("Signature Algorithm: ecdsa-with-SHA256");
    expect(text).toContain("CA:FALSE");
    expect(text).toContain("Digital Signature");
    expect(text).toContain("TLS Web Server Authentication");
    expect(text).toContain("DNS:edge-1, DNS:edge-1.example.com, IP Address:192.0.2.10, IP Address:2001:DB8:");
    expect(text).toContain("Not After : Jan  1 00:00:00 2027 GMT");
  });

  it.each([
    [{ dns: ["a b"] }, "no DNS name"],
    [{ dns: ["a".repeat(254)] }, "no DNS name"],
    [{ dns: ["a\0.example.com"] }, "no DNS name"],
    [{ ips: ["edge-1"] }, "no IP address"],
    [{ ips: ["fe80::1%eth0"] }, "no IP address"],
    [{ subject: { commonName: "" } }, "common name"],
    [{ notAfter: year.notBefore }, "begin before it ends"],
    [{ notAfter: new Date(Number.NaN) }, "begin before it ends"],
    [{ key: newKey("P-384") }, "P-256"],
    [{ key: createPublicKey(key) }, "P-256"],
  ])("is refused: %j", (part, sentence) => {
    expect(() => buildSelfSignedCertificate({ subject, dns, ips, ...year, key, ...part })).toThrow(
      expect.objectContaining({ code: "InvalidField", message: expect.stringContaining(sentence) }),
    );
  });
});

describe("a certificate of an authority", () => {
  it("holds the key that was asked for, and is verified by the authority's own", () => {
    const authorityKey = newKey();
    const issuer = { commonName: "an authority" };
    const authority = buildSelfSignedCertificate({
      subject: issuer,
      ...year,
      key: authorityKey,
      authority: true,
    });
    const request = buildCertificationRequest({ subject, key });
    const publicKey = publicKeyOfRequest(request)!;
    const init = { subject, issuer, publicKey, ...year, key: authorityKey, usages: ["clientAuth"] } as const;
    const certificate = new X509Certificate(buildCertificate(init));
    const parsed = new X509Certificate(authority);
    expect(parsed.ca).toBe(true);
    expect(certificate.checkIssued(parsed)).toBe(true);
    expect(certificate.verify(parsed.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  });
});

describe("a certification request", () => {
  it("holds its key, and is signed by it", () => {
    const request = buildCertificationRequest({ subject, dns, ips, key });
    expect(publicKeyOfRequest(request)?.equals(publicHalfOf(key))).toBe(true);
    const [whole, ...rest] = readDer(Buffer.from(request.split("\n").slice(1, -2).join(""), "base64"));
    expect(rest).toEqual([]);
    expect(readDer(whole!.content)).toHaveLength(3);
  });

  it.runIf(hasOpenssl)("is read and verified by openssl", () => {
    const text = openssl(
      ["req", "-noout", "-text", "-verify"],
      buildCertificationRequest({ subject, dns, ips, key }),
    );
    expect(text).toMatch(/verify OK/i);
    expect(text).toContain("Subject: O = system:nodes, CN = system:node:edge-1");
    expect(text).toContain("DNS:edge-1, DNS:edge-1.example.com, IP Address:192.0.2.10");
    expect(text).toContain("IP Address:0:0:0:0:0:0:0:0");
  });

  it.runIf(hasOpenssl)("without names has no extensions", () => {
    const text = openssl(["req", "-noout", "-text", "-verify"], buildCertificationRequest({ subject, key }));
    expect(text).toMatch(/verify OK/i);
    expect(text).not.toContain("Alternative Name");
  });

  it("of anybody's is read without harm", () => {
    const valid = Buffer.from(
      buildCertificationRequest({ subject, dns, key }).split("\n").slice(1, -2).join(""),
      "base64",
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(400), (bytes, at) => {
        const whole = Buffer.from(valid);
        whole.set(bytes.subarray(0, Math.max(0, whole.length - at)), Math.min(at, whole.length));
        const found = publicKeyOfRequest(
          `-----BEGIN CERTIFICATE REQUEST-----\n${whole.toString("base64")}\n-----END CERTIFICATE REQUEST-----`,
        );
        expect(found === undefined || Buffer.isBuffer(found)).toBe(true);
      }),
      seed,
    );
  });

  it("that is none has no key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        expect(publicKeyOfRequest(text)).toBeUndefined();
      }),
      seed,
    );
  });
});
