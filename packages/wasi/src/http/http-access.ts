import { BlockList, isIP } from "node:net";

import type { HttpAccess } from "@krustlet/interface";

/** Whether a request may go to the origin of `url`. */
export function isOriginAllowed(access: HttpAccess, url: URL): boolean {
  return access.origins === "all" || isOriginListed(access, url);
}

/**
 * Whether a request to `url`, which is allowed, may go to this address of its host. What a name resolves to has to be
 * public: whoever answers for the name must not lead a guest to the node's own services or its cloud's metadata. An
 * address that is listed itself is what was asked for.
 */
export function isAddressAllowed(access: HttpAccess, url: URL, address: string): boolean {
  return isPublic(address) || (isIP(hostOf(url)) !== 0 && isOriginListed(access, url));
}

/** The host of a URL, an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/gu, "");
}

function isOriginListed({ origins }: HttpAccess, url: URL): boolean {
  return origins !== "all" && origins.some((origin) => URL.parse(origin)?.origin === url.origin);
}

/** What is reserved, private, local, shared or for other uses than one host that all can reach (RFC 6890 and later). */
const NOT_PUBLIC = new BlockList();
const IPV4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const;
for (const [network, bits] of IPV4) NOT_PUBLIC.addSubnet(network, bits, "ipv4");

/** Of IPv6 only the part that is given out counts, without those that lead to IPv4 or nowhere. */
const GIVEN_OUT = new BlockList();
GIVEN_OUT.addSubnet("2000::", 3, "ipv6");
const IPV6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const;
for (const [network, bits] of IPV6) NOT_PUBLIC.addSubnet(network, bits, "ipv6");

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !NOT_PUBLIC.check(address, "ipv4");
  return isIP(address) === 6 && GIVEN_OUT.check(address, "ipv6") && !NOT_PUBLIC.check(address, "ipv6");
}
