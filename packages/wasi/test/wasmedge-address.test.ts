import { createSocket } from "node:dgram";

import { describe, expect, it } from "vitest";

import { ERRNO, errnoOf } from "../src/errno.ts";
import { hostLookup } from "../src/wasmedge/host-lookup.ts";
import { bindAddressOf, onlyPeerOf, targetAddressOf } from "../src/wasmedge/network-policy.ts";
import { portOfService } from "../src/wasmedge/service-ports.ts";
import {
  addressOfBytes,
  bytesOfAddress,
  canonicalAddress,
  FAMILY,
  isIpv4,
} from "../src/wasmedge/socket-address.ts";
import { UdpDescriptor } from "../src/wasmedge/udp-descriptor.ts";
import { generator } from "./generator.ts";

const RUNS = 500;
const POD = { address: "127.78.0.2" };

function errnoIn(call: () => unknown): number {
  try {
    call();
  } catch (error) {
    return errnoOf(error);
  }
  return ERRNO.SUCCESS;
}

describe("addresses", () => {
  it("are the same after their bytes, and have one spelling", () => {
    const below = generator(20_261_124);
    for (let run = 0; run < RUNS; run++) {
      // Half of them are mostly zeros, whose spelling is shortened.
      const bytes = Array.from({ length: 16 }, () =>
        run % 2 === 0 ? below(256) : ([0, 0, 0, 1, 255][below(5)] ?? 0),
      );
      const address = addressOfBytes(Uint8Array.from(bytes));
      expect([...bytesOfAddress(FAMILY.INET6, address)]).toEqual(bytes);
      expect(canonicalAddress(address)).toBe(address);
    }
  });

  it("of IPv4 are known in whatever way they are written", () => {
    for (const text of ["127.0.0.1", "::ffff:127.0.0.1", "::FFFF:7f00:1", "0:0:0:0:0:ffff:7f00:1"])
      expect(canonicalAddress(text)).toBe("127.0.0.1");
    expect(canonicalAddress("fe80::1%eth0")).toBe("fe80::1");
    expect(canonicalAddress("0:0:0:0:0:0:0:1")).toBe("::1");
  });
});

describe("the policy", () => {
  it("lets a guest with an address bind to that and to nothing else, whatever it asks for", () => {
    const below = generator(20_261_125);
    for (let run = 0; run < RUNS; run++) {
      const wanted = `${run % 2 === 0 ? 127 : below(256)}.${below(256)}.${below(256)}.${3 + below(253)}`;
      expect(errnoIn(() => bindAddressOf(POD, wanted))).toBe(ERRNO.ADDRNOTAVAIL);
    }
    for (const wanted of ["0.0.0.0", "::", "127.0.0.1", "::1", POD.address])
      expect(bindAddressOf(POD, wanted)).toBe(POD.address);
    expect(errnoIn(() => bindAddressOf(POD, "fe80::1"))).toBe(ERRNO.ADDRNOTAVAIL);
    expect(bindAddressOf({ address: "fd00::2" }, "::")).toBe("fd00::2");
    for (const wanted of ["0.0.0.0", "127.0.0.1"])
      expect(errnoIn(() => bindAddressOf({ address: "fd00::2" }, wanted))).toBe(ERRNO.ADDRNOTAVAIL);
  });

  it("lets a guest's loopback hear nobody but the guest's own address", () => {
    for (const wanted of ["127.0.0.1", "::1"]) expect(onlyPeerOf(POD, wanted)).toBe(POD.address);
    for (const wanted of ["0.0.0.0", "::", POD.address]) expect(onlyPeerOf(POD, wanted)).toBeUndefined();
    expect(onlyPeerOf({}, "127.0.0.1")).toBeUndefined();
  });

  it("never leads a guest with an address to the host's loopback", () => {
    for (const wanted of ["0.0.0.0", "127.0.0.1", "::", "::1"])
      expect(targetAddressOf(POD, wanted, 80, "tcp")).toBe(POD.address);
    expect(targetAddressOf(POD, "10.1.2.3", 80, "tcp")).toBe("10.1.2.3");
    expect(errnoIn(() => targetAddressOf(POD, "fd00::1", 80, "tcp"))).toBe(ERRNO.NETUNREACH);
  });

  it("is asked about the address that is really meant", () => {
    const asked: string[] = [];
    const connect = (address: string): boolean => isIpv4(asked[asked.push(address) - 1] ?? "");
    expect(targetAddressOf({ connect }, "0.0.0.0", 80, "udp")).toBe("127.0.0.1");
    expect(errnoIn(() => targetAddressOf({ connect }, "::", 80, "udp"))).toBe(ERRNO.ACCES);
    expect(asked).toEqual(["127.0.0.1", "::1"]);
  });
});

it("services are ports by number or name", () => {
  expect(["", "0", "00080", "65535", "https"].map(portOfService)).toEqual([0, 0, 80, 65_535, 443]);
  for (const wrong of ["65536", "-1", "1e3", "0x50", "toString", "__proto__", "999999"])
    expect(portOfService(wrong)).toBeUndefined();
});

it("more names than are looked up at once are all looked up, whatever became of others", async () => {
  for (let count = 0; count < 3; count++) await expect(hostLookup("")).rejects.toThrow("hostname");
  const found = await Promise.all(Array.from({ length: 9 }, () => hostLookup("localhost")));
  for (const addresses of found) expect(addresses).toContain("127.0.0.1");
});

it("datagrams that nobody reads are lost when there are too many, not kept", async () => {
  const receiver = new UdpDescriptor(FAMILY.INET4);
  await receiver.bind({ address: "127.0.0.1", port: 0 });
  const sender = createSocket("udp4");
  const data = Buffer.alloc(30_000);
  try {
    for (let count = 0; count < 30; count++) {
      await new Promise((resolve) => sender.send(data, receiver.local.port, "127.0.0.1", resolve));
      await new Promise(setImmediate);
    }
    let received = 0;
    while (receiver.read([new Uint8Array(8)]) > 0) received++;
    expect(received).toBe(Math.floor(262_144 / data.length));
    await new Promise((resolve) => sender.send("again", receiver.local.port, "127.0.0.1", resolve));
    while (receiver.ready("read") === undefined) await new Promise(setImmediate);
    expect(receiver.read([new Uint8Array(8)])).toBe(5);
  } finally {
    sender.close();
    receiver.close();
  }
});
