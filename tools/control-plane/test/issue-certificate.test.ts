import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { buildKubeconfig } from "../src/pki/build-kubeconfig.ts";
import { createAuthority, issueCertificate } from "../src/pki/issue-certificate.ts";

test("a user's certificate names the user and the groups, fits its key, and is for clients", () => {
  const authority = createAuthority("authority");
  const pair = issueCertificate(authority, {
    commonName: "system:node:n",
    organization: "system:nodes",
  });
  const certificate = new X509Certificate(pair.certificate);
  expect(certificate.subject).toBe("O=system:nodes\nCN=system:node:n");
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect(certificate.ca).toBe(false);
});

test("a server's certificate names its hosts, and its time is the one asked for", () => {
  const authority = createAuthority("authority");
  const hosts = ["127.0.0.1", "localhost"];
  const notAfter = new Date("2020-01-01T00:00:00Z");
  const notBefore = new Date("2019-01-01T00:00:00Z");
  const pair = issueCertificate(authority, { commonName: "server", hosts, notBefore, notAfter });
  const certificate = new X509Certificate(pair.certificate);
  expect(certificate.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
  expect(certificate.validToDate).toEqual(notAfter);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
});

test("a kubeconfig has everything in it and names no file", () => {
  const text = buildKubeconfig({ server: "https://a", certificateAuthority: "CA", user: { token: "t" } });
  const config = JSON.parse(text) as { users: object[]; clusters: object[] };
  expect(config.users).toEqual([{ name: "krustlet", user: { token: "t" } }]);
  expect(config.clusters).toEqual([
    { name: "krustlet", cluster: { server: "https://a", "certificate-authority-data": "Q0E=" } },
  ]);
});
