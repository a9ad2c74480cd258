import { isIP } from "node:net";
import type { Cancellable, Clock } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import { canBeReached, isLoopback, isUnspecified } from "./address-kinds.ts";
import type { AddressReader, InterfaceAddress } from "./address-reader.ts";
import { SYSTEM_ADDRESSES } from "./address-reader.ts";
import { parseDefaultRoutes } from "./default-routes.ts";
import { systemClock, within } from "@krustlet/clock";

/** Options of {@link discoverAddresses}. */
export interface DiscoverOptions extends Cancellable {
  readonly hostname: string;
  /** What the user gave (`--node-ip`): one address, or one of each family; `0.0.0.0` or `::` asks for a family. */
  readonly given?: readonly string[];
  /** Default: this machine. */
  readonly reader?: AddressReader;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** A node's addresses, and where they are from. */
export interface DiscoveredAddresses {
  /** At least one, at most one of each family. */
  readonly addresses: readonly string[];
  /** `loopback`: nothing else was found; only this machine can reach the node. */
  readonly from: "given" | "hostname" | "route" | "interface" | "loopback";
}

/** How long a name service may take. */
const LOOKUP_MS = 5000;

/**
 * Finds the addresses of this node, as the kubelet does: those given; the host name where it is an address; what it
 * resolves to, if that is an address of this machine; the address of the interface that a default route leads to; that of any
 * other interface; loopback where there is nothing else. IPv4 comes first, unless `::` is given.
 *
 * @throws KrustletError `InvalidField` for a given address that can be no node's.
 */
export async function discoverAddresses(options: DiscoverOptions): Promise<DiscoveredAddresses> {
  const { hostname, given = [], reader = SYSTEM_ADDRESSES } = options;
  const addresses = given.map(checked);
  if (new Set(addresses.map(isIP)).size < addresses.length) {
    throw invalid(addresses.join(", "), "are of one family; give one, or one of each family");
  }
  const specified = addresses.filter((address) => !isUnspecified(address));
  if (specified.length > 0) return { addresses: specified, from: "given" };
  const order = addresses[0] !== undefined && isIP(addresses[0]) === 6 ? [6, 4] : [4, 6];
  if (isIP(hostname) !== 0) return { addresses: [hostname], from: "hostname" };

  const own = reader
    .interfaceAddresses()
    .filter(({ address }) => canBeReached(address) && !isLoopback(address));
  const preferred = (candidates: readonly string[]): string | undefined =>
    order
      .map((family) => candidates.find((address) => isIP(address) === family))
      .find((one) => one !== undefined);

  const resolved = preferred(
    (await lookedUp(options, reader)).filter((address) => own.some((o) => o.address === address)),
  );
  if (resolved !== undefined) return { addresses: [resolved], from: "hostname" };
  const routed = preferred(await routedAddresses(reader, own));
  if (routed !== undefined) return { addresses: [routed], from: "route" };
  const any = preferred(own.map(({ address }) => address));
  if (any !== undefined) return { addresses: [any], from: "interface" };
  return { addresses: [order[0] === 6 ? "::1" : "127.0.0.1"], from: "loopback" };
}

/** The first address of each interface and family that a default route leads to, the best routes first. */
async function routedAddresses(reader: AddressReader, own: readonly InterfaceAddress[]): Promise<string[]> {
  const [ipv4, ipv6] = await Promise.all([
    reader.text("/proc/net/route"),
    reader.text("/proc/net/ipv6_route"),
  ]);
  return parseDefaultRoutes(ipv4 ?? "", ipv6 ?? "").flatMap((route) => {
    const found = own.find((o) => o.interface === route.interface && isIP(o.address) === route.family);
    return found === undefined ? [] : [found.address];
  });
}

/** What the host name resolves to; nothing where that takes too long. */
async function lookedUp(
  { hostname, clock = systemClock, signal }: DiscoverOptions,
  reader: AddressReader,
): Promise<readonly string[]> {
  const limit = { clock, ms: LOOKUP_MS, signal, late: (): readonly string[] => [] };
  return within(limit, () => reader.lookup(hostname));
}

function checked(text: string): string {
  const address = text.trim();
  if (isIP(address) === 0 || address.includes("%")) throw invalid(text, "is no IP address");
  if (!canBeReached(address) && !isUnspecified(address))
    throw invalid(text, "is a multicast or link-local address");
  return address;
}

function invalid(address: string, what: string): KrustletError {
  return new KrustletError("InvalidField", `--node-ip ${address} ${what}.`);
}
