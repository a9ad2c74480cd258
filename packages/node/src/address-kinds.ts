import { BlockList, isIP } from "node:net";

const LOOPBACK = blockListOf(["127.0.0.0/8", "::1/128"]);
const NEVER = blockListOf([
  "0.0.0.0/8",
  "::/128",
  "169.254.0.0/16",
  "fe80::/10",
  "224.0.0.0/4",
  "ff00::/8",
  "255.255.255.255/32",
]);

/** Whether an IP address is the machine's own for itself only. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, kindOf(address));
}

/** Whether others can reach a machine at an IP address: it is no unspecified, link-local or multicast one. */
export function canBeReached(address: string): boolean {
  return isIP(address) !== 0 && !NEVER.check(address, kindOf(address));
}

/** Whether an address stands for all addresses of its family. */
export function isUnspecified(address: string): boolean {
  return isIP(address) !== 0 && /^[0.:]+$/.test(address);
}

function kindOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

function blockListOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = "", prefix] = subnet.split("/");
    list.addSubnet(network, Number(prefix), kindOf(network));
  }
  return list;
}
