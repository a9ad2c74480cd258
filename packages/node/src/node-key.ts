import type { KeyObject } from "node:crypto";
import { createPrivateKey, generateKeyPair, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { KrustletError } from "@krustlet/interface";
import { writePrivateFile } from "./write-private-file.ts";

const generate = promisify(generateKeyPair);

/** A certificate and its key, as they are kept in one file. */
export interface StoredCertificate {
  /** PEM; the node's own certificate first. */
  readonly certificate: string;
  readonly key: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * The private key in a file, made (P-256) where there is none. Of several processes that make it at once all get the
 * same. The key of a request that waits is kept this way, so that a restart takes the request up.
 *
 * @throws KrustletError `InvalidObject` where the file holds no key; the system's error where it cannot be read.
 */
export async function loadOrCreateKey(path: string): Promise<KeyObject> {
  const present = await readIfThere(path);
  if (present !== undefined) return keyOf(path, present);
  const { privateKey } = await generate("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  if (await writePrivateFile(path, pem, true)) return privateKey;
  return keyOf(path, await readFile(path, "utf8"));
}

/**
 * The certificate and key in a file such as `kubelet-client-current.pem`; undefined where there is no such file.
 *
 * @throws KrustletError `InvalidObject` where it does not hold a certificate and the key that belongs to it.
 */
export async function loadCertificate(path: string): Promise<StoredCertificate | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const key = keyOf(path, text);
  const certificate =
    text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g)?.join("") ?? "";
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch (cause) {
    throw new KrustletError("InvalidObject", `The file ${path} holds no certificate.`, { cause });
  }
  if (!parsed.checkPrivateKey(key)) {
    throw new KrustletError(
      "InvalidObject",
      `In the file ${path} the certificate does not belong to the key.`,
    );
  }
  return { certificate, key, notBefore: parsed.validFromDate, notAfter: parsed.validToDate };
}

/** Replaces the certificate and key in a file at once, readable by its owner only: the certificates, then the key. */
export async function storeCertificate(path: string, certificate: string, key: KeyObject): Promise<void> {
  const pem = key.export({ type: "pkcs8", format: "pem" });
  await writePrivateFile(path, `${certificate.trimEnd()}\n${pem}`, false);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function keyOf(path: string, text: string): KeyObject {
  const pem = /-----BEGIN (?:EC )?PRIVATE KEY-----[^-]+-----END (?:EC )?PRIVATE KEY-----/.exec(text)?.[0];
  try {
    return createPrivateKey(pem ?? "");
  } catch (cause) {
    // The cause may quote what is secret; its kind says enough.
    const kind = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new KrustletError("InvalidObject", `The file ${path} holds no private key (${kind}).`);
  }
}
