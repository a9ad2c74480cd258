import { ERRNO, fail } from "../errno.ts";
import { canonicalAddress, isAnyAddress, isIpv4 } from "./socket-address.ts";

/** What a guest may do on the network by sockets that it opens itself. */
export interface NetworkPolicy {
  /**
   * The guest's own address. Sockets bind to it where the guest asks for any address or for `127.0.0.1` or `::1`, and
   * every other is `ADDRNOTAVAIL`; what the guest connects or sends to sees it as the source; and `127.0.0.1` and `::1`, as
   * something to connect to, are this address, not the host's loopback. A socket bound to those two hears nobody but
   * who is at this address too. Absent: the host's addresses, all of them.
   */
  readonly address?: string;
  /** Whether the guest may connect (or send) to this IP address; refused is `ACCES`. Default: yes. */
  readonly connect?: (address: string, port: number, protocol: "tcp" | "udp") => boolean;
  /**
   * The IP addresses of a host name; none: there is no such host. Default: the host's resolver. A rejection is answered
   * as a failure that may pass.
   */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

/** What means a guest itself, where it has an address. */
function isOwn(address: string): boolean {
  return isAnyAddress(address) || LOOPBACK.has(address);
}

function ownAddressOf({ address }: NetworkPolicy): string | undefined {
  return address === undefined ? undefined : canonicalAddress(address);
}

/** What a socket really binds to where its guest asks for `wanted`; `ADDRNOTAVAIL` for what is not the guest's. */
export function bindAddressOf(policy: NetworkPolicy, wanted: string): string {
  const own = ownAddressOf(policy);
  if (own === undefined || own === wanted) return wanted;
  return isOwn(wanted) && (wanted.includes(":") || isIpv4(own)) ? own : fail(ERRNO.ADDRNOTAVAIL);
}

/** The only address whose connections and datagrams come to a socket bound to `wanted`: the guest's, for its loopback. */
export function onlyPeerOf(policy: NetworkPolicy, wanted: string): string | undefined {
  return LOOPBACK.has(wanted) ? ownAddressOf(policy) : undefined;
}

/** What a socket that was never bound sends from. */
export function sourceAddressOf(policy: NetworkPolicy, any: string): string {
  return ownAddressOf(policy) ?? any;
}

/** Where a connection to `wanted` really goes; `ACCES` where the policy forbids it. */
export function targetAddressOf(
  policy: NetworkPolicy,
  wanted: string,
  port: number,
  protocol: "tcp" | "udp",
): string {
  const own = ownAddressOf(policy);
  let target = wanted;
  if (own !== undefined && isOwn(wanted)) target = own;
  else if (isAnyAddress(wanted)) target = wanted === "::" ? "::1" : "127.0.0.1";
  if (own !== undefined && isIpv4(own) !== isIpv4(target)) fail(ERRNO.NETUNREACH);
  return policy.connect?.(target, port, protocol) === false ? fail(ERRNO.ACCES) : target;
}
