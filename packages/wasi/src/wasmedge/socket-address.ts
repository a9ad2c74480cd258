import { isIPv4, SocketAddress } from "node:net";

import { ERRNO, fail } from "../errno.ts";

/** `address_family` of the WasmEdge extension. */
export const FAMILY = { UNSPECIFIED: 0, INET4: 1, INET6: 2 } as const;

/** The families that a socket can have. */
export type Family = typeof FAMILY.INET4 | typeof FAMILY.INET6;

/** An address in its one spelling, and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Whether an address in its one spelling is of IPv4. */
export function isIpv4(address: string): boolean {
  return isIPv4(address);
}

/** The one spelling of an IP address: IPv4 also where it is mapped into IPv6, no zone, IPv6 as short as can be. */
export function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const { address } = new SocketAddress({ address: text.replace(/%.*$/u, ""), family: "ipv6" });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/u.exec(address)?.[1];
  return mapped ?? address;
}

/** The address of 4 or 16 bytes. */
export function addressOfBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return canonicalAddress(
    Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2).toString(16)).join(":"),
  );
}

function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The bytes of an address as a socket of `family` tells it: 4, or 16, where IPv4 is mapped. */
export function bytesOfAddress(family: Family, address: string): Uint8Array {
  if (family === FAMILY.INET4) {
    return isIPv4(address) ? Uint8Array.from(address.split(".").map(Number)) : fail(ERRNO.AFNOSUPPORT);
  }
  const [head = "", tail] = (isIPv4(address) ? `::ffff:${address}` : address).split("::");
  const [first, last] = [groupsOf(head), groupsOf(tail ?? "")];
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [index, group] of first.entries()) view.setUint16(index * 2, group);
  for (const [index, group] of last.entries()) view.setUint16((8 - last.length + index) * 2, group);
  return bytes;
}

/** The address that stands for all of a host's. */
export function anyAddress(family: Family): string {
  return family === FAMILY.INET4 ? "0.0.0.0" : "::";
}

/** Whether an address stands for all of a host's, of either family. */
export function isAnyAddress(address: string): boolean {
  return address === anyAddress(FAMILY.INET4) || address === anyAddress(FAMILY.INET6);
}
