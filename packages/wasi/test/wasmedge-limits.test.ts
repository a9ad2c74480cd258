import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";

import { describe, expect, it } from "vitest";

import { ERRNO, errnoOf } from "../src/errno.ts";
import { FACES } from "../src/faces.ts";
import { Guest } from "../src/guest.ts";
import { answerOf } from "../src/import-object.ts";
import type { NetworkPolicy } from "../src/index.ts";
import { FAMILY } from "../src/wasmedge/socket-address.ts";
import { OPTION, SocketOptions } from "../src/wasmedge/socket-options.ts";
import { TcpDescriptor } from "../src/wasmedge/tcp-descriptor.ts";
import { UdpDescriptor } from "../src/wasmedge/udp-descriptor.ts";
import { runGuest } from "./run-guest.ts";

const ANY_PORT = { address: "127.0.0.1", port: 0 };
const functions = { ...FACES["wasi_snapshot_preview1"]?.quick, ...FACES["wasi_snapshot_preview1"]?.waiting };

function guestOf(maxDescriptors = 16, network: NetworkPolicy = {}): Guest {
  const guest = new Guest({ maxDescriptors, network });
  guest.memory.attach(new WebAssembly.Memory({ initial: 1 }));
  return guest;
}

function call(guest: Guest, name: string, ...values: readonly number[]): number | Promise<number> {
  const operation = functions[name] as unknown as (guest: Guest, ...values: readonly number[]) => number;
  return answerOf(guest, () => operation(guest, ...values));
}

/** An `address_t` at 0 of `bytes` at 64; the buffer is as long as they are. */
function address(guest: Guest, bytes: readonly number[]): number {
  guest.memory.setU32(0, 64);
  guest.memory.setU32(4, bytes.length);
  guest.memory.bytes.set(bytes, 64);
  return 0;
}

const errnoAfter = (promise: Promise<unknown>): Promise<number> =>
  promise.then(
    () => ERRNO.SUCCESS,
    (error: unknown) => errnoOf(error),
  );

describe("datagrams", () => {
  it("wait by the thousand at the most, and make room as they are read", async () => {
    const receiver = new UdpDescriptor(FAMILY.INET4);
    await receiver.bind(ANY_PORT);
    const sender = createSocket("udp4");
    const send = (data: Buffer): Promise<unknown> =>
      new Promise((resolve) => sender.send(data, receiver.local.port, "127.0.0.1", resolve));
    const buffer = [new Uint8Array(65_536)];
    try {
      for (let count = 0; count < 1100; count++) {
        await send(Buffer.of(1));
        if (count % 8 === 0) await new Promise(setImmediate);
      }
      await new Promise(setImmediate);
      let count = 0;
      while (receiver.read(buffer) === 1) count++;
      expect(count).toBe(1024);
      // More bytes than may wait, but never all of them at once.
      for (let round = 0; round < 12; round++) {
        await send(Buffer.alloc(60_000));
        while (receiver.ready("read") === undefined) await new Promise(setImmediate);
        expect(receiver.read(buffer)).toBe(60_000);
      }
    } finally {
      sender.close();
      receiver.close();
    }
  });

  it("of a connected socket go to its peer, who can be changed, and to nobody else", async () => {
    const socket = new UdpDescriptor(FAMILY.INET4);
    const peers = [new UdpDescriptor(FAMILY.INET4), new UdpDescriptor(FAMILY.INET4)];
    for (const one of [socket, ...peers]) await one.bind(ANY_PORT);
    for (const peer of peers) {
      await socket.connect(peer.local);
      expect(socket.peer).toEqual(peer.local);
      await socket.write([Uint8Array.of(7)]);
      while (peer.ready("read") === undefined) await new Promise(setImmediate);
      expect(peer.read([new Uint8Array(4)])).toBe(1);
      expect(await errnoAfter(socket.send([Uint8Array.of(1)], peer.local))).toBe(ERRNO.ISCONN);
    }
    for (const one of [socket, ...peers]) one.close();
  });
});

describe("a guest that ends while it binds", () => {
  const bind = (socket: TcpDescriptor | UdpDescriptor, port: number): Promise<void> => {
    const wanted = { address: "127.0.0.1", port };
    return socket instanceof TcpDescriptor ? socket.bind(wanted, { left: 1 }) : socket.bind(wanted);
  };

  it.each([TcpDescriptor, UdpDescriptor])("leaves the port free: %o", async (Kind) => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const bound = probe.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    await new Promise((resolve) => probe.close(resolve));
    const socket = new Kind(FAMILY.INET4);
    const binding = bind(socket, port);
    socket.close();
    await binding;
    const again = new Kind(FAMILY.INET4);
    expect(await errnoAfter(bind(again, port))).toBe(ERRNO.SUCCESS);
    again.close();
  });
});

it("a guest that has all the descriptors it may have accepts no more", async () => {
  const guest = guestOf(1);
  const listener = new TcpDescriptor(FAMILY.INET4);
  await listener.bind(ANY_PORT, { left: 1 });
  listener.listen(1);
  guest.descriptors.add(listener);
  const client = connect(listener.local.port, "127.0.0.1");
  while (listener.ready("read") === undefined) await new Promise(setImmediate);
  expect(call(guest, "sock_accept", 0, 128)).toBe(ERRNO.MFILE);
  guest.end({ kind: "closed" });
  client.destroy();
});

it("a limit to waiting is a time", () => {
  const options = new SocketOptions();
  const limit = (seconds: bigint, micros: bigint): Uint8Array =>
    new Uint8Array(new BigInt64Array([seconds, micros]).buffer);
  for (const micros of [-1n, 1_000_000n])
    expect(() => options.set(OPTION.RCVTIMEO, limit(1n, micros))).toThrow(
      expect.objectContaining({ errno: ERRNO.DOM }),
    );
  options.set(OPTION.SNDTIMEO, limit(2n ** 62n, 0n));
  expect(options.limit("write")).toBe(2 ** 31 - 1);
  options.set(OPTION.SNDTIMEO, limit(0n, 0n));
  expect(options.limit("write")).toBeUndefined();
});

describe("addresses in a guest's memory", () => {
  it("of another family than the socket's are refused", () => {
    const guest = guestOf();
    const fd = guest.descriptors.add(new TcpDescriptor(FAMILY.INET4));
    const storage = (family: number): number[] => [family, 0, 127, 0, 0, 1, ...new Uint8Array(122)];
    for (const bytes of [storage(2), storage(3), [...new Uint8Array(16)]])
      expect(call(guest, "sock_connect", fd, address(guest, bytes), 80)).toBe(ERRNO.AFNOSUPPORT);
    expect(call(guest, "sock_connect", fd, address(guest, [1, 2, 3]), 80)).toBe(ERRNO.INVAL);
    expect(call(guest, "sock_connect", fd, address(guest, [127, 0, 0, 1]), 65_536)).toBe(ERRNO.INVAL);
    guest.end({ kind: "closed" });
  });

  it("are never longer than the guest's buffer", () => {
    const guest = guestOf();
    const fd = guest.descriptors.add(new TcpDescriptor(FAMILY.INET6));
    guest.memory.bytes.fill(0xee, 64, 96);
    expect(call(guest, "sock_getlocaladdr", fd, address(guest, [9, 9, 9, 9]), 32, 36)).toBe(ERRNO.SUCCESS);
    expect([...guest.memory.bytes.subarray(64, 72)]).toEqual([9, 9, 9, 9, 0xee, 0xee, 0xee, 0xee]);
    guest.end({ kind: "closed" });
  });
});

it("as many results are told as the guest has room for", async () => {
  const addresses = Array.from({ length: 40 }, (_, index) => `10.0.0.${index + 1}`);
  const { stdout } = await runGuest("wasmedge-newer", ["names", "web", "1", "1", "2", "0"], {
    network: { lookup: () => Promise.resolve(addresses) },
  });
  expect(stdout.match(/10\.0\.0\.\d+/gu)).toEqual(addresses.slice(0, 8));
});
