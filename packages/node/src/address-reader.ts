import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";

/** An IP address that the machine has. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
}

/** Where a node's addresses are looked for; the default is this machine, tests give another. */
export interface AddressReader {
  /** The addresses of a host name; none where it has none. */
  lookup(hostname: string): Promise<readonly string[]>;
  /** Those of interfaces that are up. */
  interfaceAddresses(): readonly InterfaceAddress[];
  /** The text of a file; undefined where it cannot be read. */
  text(path: string): Promise<string | undefined>;
}

/** This machine. */
export const SYSTEM_ADDRESSES: AddressReader = {
  async lookup(hostname) {
    try {
      return (await lookup(hostname, { all: true })).map(({ address }) => address);
    } catch {
      return [];
    }
  },
  interfaceAddresses: () =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.map(({ address }) => ({ interface: name, address })),
    ),
  async text(path) {
    try {
      return await readFile(path, "utf8");
    } catch {
      return undefined;
    }
  },
};
