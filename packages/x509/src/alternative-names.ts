import { isIP } from "node:net";
import { KrustletError } from "@krustlet/interface";
import { octets, oid, sequence } from "./asn1-types.ts";
import { der } from "./der.ts";

/** Under which names and addresses a certificate's holder is reached. */
export interface AlternativeNames {
  /** DNS names; the first label may be `*`. */
  readonly dns?: readonly string[];
  /** IPv4 and IPv6 addresses, without a zone. */
  readonly ips?: readonly string[];
}

const DNS_NAME = /^(?:\*\.)?[a-z0-9_](?:[-_a-z0-9]*[a-z0-9])?(?:\.[a-z0-9_](?:[-_a-z0-9]*[a-z0-9])?)*$/i;

/**
 * The extension subjectAltName (RFC 5280 §4.2.1.6: `dNSName [2]`, `iPAddress [7]`); undefined where there are no names.
 *
 * @throws KrustletError `InvalidField` for what is no DNS name or no IP address.
 */
export function alternativeNamesExtension({ dns = [], ips = [] }: AlternativeNames): Buffer | undefined {
  if (dns.length + ips.length === 0) return undefined;
  const names = [...dns.map(dnsName), ...ips.map(ipAddress)];
  return sequence(oid("2.5.29.17"), octets(sequence(...names)));
}

function dnsName(name: string): Buffer {
  if (name.length > 253 || !DNS_NAME.test(name)) throw invalid(name, "DNS name");
  return der(0x82, Buffer.from(name));
}

function ipAddress(address: string): Buffer {
  const family = isIP(address);
  if (family === 0 || address.includes("%")) throw invalid(address, "IP address");
  return der(0x87, family === 4 ? Buffer.from(address.split(".").map(Number)) : ipv6Bytes(address));
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser writes an IPv6 address in its one canonical form, all of it in hexadecimal.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return bytes;
}

function invalid(text: string, what: string): KrustletError {
  return new KrustletError(
    "InvalidField",
    `A certificate cannot be for ${JSON.stringify(text)}: it is no ${what}.`,
  );
}
