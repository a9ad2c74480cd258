import { expect, it } from "vitest";

import { loopbackPodAddresses } from "../src/index.ts";

const pod = (uid: string): { namespace: string; name: string; uid: string } => ({
  namespace: "n",
  name: "p",
  uid,
});

it("gives each pod an address of its own in 127.0.0.0/8, the same for the same UID", () => {
  const addresses = loopbackPodAddresses();
  const leases = Array.from({ length: 5000 }, (_, index) => addresses.lease(pod(String(index))).address);
  expect(new Set(leases).size).toBe(5000);
  for (const address of leases) {
    const [first, second, third, fourth] = address.split(".").map(Number);
    expect(first).toBe(127);
    // Localhost, the resolver stub and the machine's own name live below 127.0.2.0.
    expect((second ?? 0) * 256 + (third ?? 0)).toBeGreaterThanOrEqual(2);
    expect(fourth).toBeGreaterThan(0);
    expect(fourth).toBeLessThan(255);
  }
  expect(loopbackPodAddresses().lease(pod("7")).address).toBe(leases[7]);
});

it("gives an address again once its lease is over, and only once", () => {
  const addresses = loopbackPodAddresses();
  const lease = addresses.lease(pod("a"));
  const other = addresses.lease(pod("a"));
  expect(other.address).not.toBe(lease.address);
  lease[Symbol.dispose]();
  const again = addresses.lease(pod("a"));
  expect(again.address).toBe(lease.address);
  lease[Symbol.dispose]();
  expect(addresses.lease(pod("a")).address).not.toBe(again.address);
});
