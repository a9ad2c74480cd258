import { FakeClock } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";
import type { AddressReader } from "../src/address-reader.ts";
import { discoverAddresses, hostnameOf, nodeNameOf } from "../src/index.ts";

const ROUTE = [
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
  "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
  "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0",
  "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0",
  "",
].join("\n");
const ZERO = "0".repeat(32);
const ROUTE6 = [
  `${ZERO} 00 ${ZERO} 00 ${ZERO} ffffffff 00000001 00000000 00200200       lo`,
  `${ZERO} 00 ${ZERO} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth1`,
].join("\n");
const LO = [
  { interface: "lo", address: "127.0.0.1" },
  { interface: "lo", address: "::1" },
];
const ETHERNET = [
  ...LO,
  { interface: "docker0", address: "172.17.0.1" },
  { interface: "wlan0", address: "192.168.1.7" },
  { interface: "eth0", address: "169.254.9.9" },
  { interface: "eth0", address: "10.0.0.5" },
  { interface: "eth1", address: "fe80::5" },
  { interface: "eth1", address: "2001:db8::5" },
];

const readerOf = (part: Partial<AddressReader> = {}): AddressReader => ({
  lookup: async () => [],
  interfaceAddresses: () => ETHERNET,
  text: async (path) => (path === "/proc/net/route" ? ROUTE : ROUTE6),
  ...part,
});
const discover = (given: readonly string[], part: Partial<AddressReader> = {}, hostname = "edge-1") =>
  discoverAddresses({ hostname, given, reader: readerOf(part), clock: new FakeClock() });

describe("a node's addresses", () => {
  it("are those given, also loopback and what no interface has", async () => {
    expect(await discover(["198.51.100.7"])).toEqual({ addresses: ["198.51.100.7"], from: "given" });
    expect((await discover(["127.0.0.1"])).addresses).toEqual(["127.0.0.1"]);
    expect((await discover(["10.0.0.5", "2001:db8::5"])).addresses).toEqual(["10.0.0.5", "2001:db8::5"]);
  });

  it.each([
    ["edge-1", "no IP address"],
    ["fe80::1%eth0", "no IP address"],
    ["fe80::1", "link-local"],
    ["169.254.1.1", "link-local"],
    ["224.0.0.1", "multicast"],
  ])("are never %s", async (address, sentence) => {
    await expect(discover([address])).rejects.toMatchObject({
      code: "InvalidField",
      message: expect.stringContaining(sentence),
    });
  });

  it("are not two of one family", async () => {
    await expect(discover(["10.0.0.5", "10.0.0.6"])).rejects.toThrow("one family");
  });

  it("are the host name's where it is an address, or resolves to one that this machine has", async () => {
    expect((await discover([], {}, "203.0.113.4")).addresses).toEqual(["203.0.113.4"]);
    const lookup = async (): Promise<string[]> => ["127.0.1.1", "2001:db8::5", "198.51.100.1", "192.168.1.7"];
    expect(await discover([], { lookup })).toEqual({ addresses: ["192.168.1.7"], from: "hostname" });
    expect((await discover(["::"], { lookup })).addresses).toEqual(["2001:db8::5"]);
  });

  it("are those of the best default route where the name says nothing, of the family asked for", async () => {
    const lookup = async (): Promise<string[]> => ["127.0.1.1"];
    expect(await discover([], { lookup })).toEqual({ addresses: ["10.0.0.5"], from: "route" });
    expect((await discover(["0.0.0.0"])).addresses).toEqual(["10.0.0.5"]);
    expect((await discover(["::"])).addresses).toEqual(["2001:db8::5"]);
  });

  it("are any interface's where no route is known, and loopback only where there is nothing else", async () => {
    const text = async (): Promise<undefined> => undefined;
    expect(await discover([], { text })).toEqual({ addresses: ["172.17.0.1"], from: "interface" });
    const alone = { text, interfaceAddresses: () => LO };
    expect(await discover([], alone)).toEqual({ addresses: ["127.0.0.1"], from: "loopback" });
    expect((await discover(["::"], alone)).addresses).toEqual(["::1"]);
  });

  it("are found without a name service that does not answer", async () => {
    const clock = new FakeClock();
    const reader = readerOf({ lookup: () => new Promise(() => {}) });
    const found = discoverAddresses({ hostname: "edge-1", reader, clock });
    await clock.advance(5000);
    expect((await found).from).toBe("route");
    expect(clock.sleeping).toBe(0);
  });

  it("of this machine are found", async () => {
    const { addresses } = await discoverAddresses({ hostname: "localhost" });
    expect(addresses).toHaveLength(1);
  });
});

describe("names", () => {
  it("are in small letters, and the node's is the host's unless given", () => {
    expect(hostnameOf(undefined, " Edge-1\n")).toBe("edge-1");
    expect(hostnameOf("Other", "edge-1")).toBe("other");
    expect(nodeNameOf(undefined, "edge-1")).toBe("edge-1");
    expect(nodeNameOf("a.b", "edge-1")).toBe("a.b");
  });

  it("that can name no node are refused with the option that helps", () => {
    expect(() => hostnameOf(undefined, "")).toThrow("--hostname");
    expect(() => nodeNameOf(undefined, "my_host")).toThrow('host name "my_host" cannot name a Node');
    expect(() => nodeNameOf("Edge", "x")).toThrow("give another with --node-name");
  });
});
