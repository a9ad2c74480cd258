import { createSocket } from "node:dgram";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { expect, it } from "vitest";

import { FDFLAGS } from "../src/descriptors/descriptor.ts";
import { ERRNO, errnoOf, GuestError } from "../src/errno.ts";
import { FACES } from "../src/faces.ts";
import { Guest } from "../src/guest.ts";
import { TcpDescriptor } from "../src/wasmedge/tcp-descriptor.ts";
import { UdpDescriptor } from "../src/wasmedge/udp-descriptor.ts";
import { generator } from "./generator.ts";

const RUNS = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 12_000);
const MEMORY = 65_536;
const AI_LAST = 87;
const ADDRESSES = [
  [127, 0, 0, 1],
  [0, 0, 0, 0],
  [127, 78, 0, 1],
  [8, 8, 8, 8],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 78, 0, 1],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];
const NAMES = ["localhost\0", "127.0.0.1", "http\0", "80", "\0", "x".repeat(60)];
// address_t of each, their bytes, names, iovecs, and an addrinfo with its buffers.
const AT = { addresses: 1024, bytes: 2048, names: 8192, buffers: 12_288, hints: 16_384, list: 16_640 };

type Call = (guest: Guest, ...values: number[]) => number | Promise<number>;

const { quick = {}, waiting = {} } = FACES["wasi_snapshot_preview1"] ?? {};
const all = Object.entries({ ...quick, ...waiting }) as unknown as [string, Call][];
const operations = all.filter(([name]) => name.startsWith("sock_"));
const others = all.filter(([name]) => ["fd_read", "fd_write", "fd_close", "fd_fdstat_get"].includes(name));

/** Echoes on one port of the guest's own address, by TCP and UDP. */
async function echo(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.78.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const socket = createSocket("udp4", (data, from) => {
    if (from.port !== port) socket.send(data, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(port, "127.78.0.1", resolve));
  return {
    port,
    async [Symbol.asyncDispose]() {
      socket.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it("whatever a guest does with sockets, it gets an errno, reaches only what it may, and leaves nothing open", async () => {
  await using peer = await echo();
  const below = generator(20_261_123);
  const seen = new Set<number>();
  const outside: string[] = [];
  let guest: Guest | undefined;

  const prepared = (): Guest => {
    const made = new Guest({
      maxDescriptors: 9,
      network: {
        address: "127.78.0.1",
        connect(address) {
          if (address !== "127.78.0.1") outside.push(address);
          return address === "127.78.0.1";
        },
        lookup: (name) =>
          name.startsWith("x") ? Promise.reject(new Error(name)) : Promise.resolve(["127.78.0.1", name]),
      },
    });
    made.memory.attach(new WebAssembly.Memory({ initial: MEMORY / 65_536 }));
    const { bytes, view } = made.memory;
    for (const [index, address] of ADDRESSES.entries()) {
      view.setUint32(AT.addresses + index * 8, AT.bytes + index * 128, true);
      view.setUint32(
        AT.addresses + index * 8 + 4,
        index === 5 && below(2) === 0 ? 128 : address.length,
        true,
      );
      bytes.set(address, AT.bytes + index * 128);
    }
    for (const [index, length] of [16, 128].entries()) {
      view.setUint32(AT.addresses + 48 + index * 8, AT.bytes + (6 + index) * 128, true);
      view.setUint32(AT.addresses + 52 + index * 8, length, true);
    }
    view.setUint32(260, 16, true);
    for (const [index, name] of NAMES.entries()) bytes.set(Buffer.from(name), AT.names + index * 64);
    for (let index = 0; index < 8; index++) {
      view.setUint32(AT.buffers + index * 8, 32_768 + below(index === 0 ? MEMORY : 16_384), true);
      view.setUint32(AT.buffers + index * 8 + 4, below(index === 1 ? 2 ** 32 : 4096), true);
    }
    view.setUint32(AT.list, AT.list + 64, true);
    for (const [field, value] of [AT.list + 200, AT.list + 256, 16, below(2) * (AT.list + 64)].entries())
      view.setUint32(AT.list + 64 + 12 + field * 4, value, true);
    view.setUint32(AT.list + 208, AT.list + 300, true);
    // Most of its sockets do not wait, so that it lives long.
    for (const socket of [
      new TcpDescriptor(1),
      new UdpDescriptor(1),
      new TcpDescriptor(2),
      new UdpDescriptor(2),
    ]) {
      socket.flags = FDFLAGS.NONBLOCK;
      made.descriptors.add(socket);
    }
    return made;
  };

  const among = (...choices: readonly number[]): number => choices[below(choices.length)] ?? 0;
  const sane = (name: string, index: number): number => {
    if (name === "sock_getaddrinfo") {
      const [node, service] = [AT.names + below(6) * 64, AT.names + below(6) * 64];
      const given = [node, 1 + below(20), service, 1 + below(3), AT.hints, AT.list, 1 + below(3), 64];
      return given[index] ?? 0;
    }
    if (name.startsWith("sock_open")) return index < 2 ? below(4) : 64;
    if (index === 0) return below(9);
    if (name.includes("sockopt")) return [0, 0, below(16), 256, name.includes("set") ? 16 : 260][index] ?? 0;
    if (name.includes("accept")) return index === 1 ? among(0, 4, 64) : 64;
    if (index === 1 && /bind|connect|addr/u.test(name)) return AT.addresses + below(8) * 8;
    if (index === 2 && /bind|connect/u.test(name)) return among(0, below(65_536), peer.port, peer.port);
    if (/send|recv|fd_(read|write)/u.test(name)) {
      const [buffers, count, address, size] = [
        AT.buffers + below(8) * 8,
        1,
        AT.addresses + below(8) * 8,
        128,
      ];
      const plain = [buffers, count, below(8) === 0 ? 1 : 0, size, 132, 136];
      const from = [buffers, count, address, 0, size, 132, 136];
      const to = [buffers, count, address, among(peer.port, below(65_536)), 0, size];
      const fd = [buffers, count, size];
      return (
        (name.startsWith("fd") ? fd : name.includes("from") ? from : name.includes("_to") ? to : plain)[
          index - 1
        ] ?? 0
      );
    }
    return below(4);
  };
  const argument = (name: string, index: number): number => {
    switch (below(20)) {
      case 0:
        return below(2 ** 32) | 0;
      case 1:
        return MEMORY - below(40);
      case 2:
        return below(64);
      default:
        return sane(name, index);
    }
  };

  // What node opens once for itself comes with the first socket.
  const open = readdirSync("/proc/self/fd").length;
  for (let run = 0; run < RUNS; run++) {
    guest ??= prepared();
    const from = below(4) === 0 ? others : operations;
    const [name, operation] = from[below(from.length)] ?? ["", () => 0];
    if (name === "fd_close" && below(5) > 0) continue;
    // The older forms have fewer arguments; and a module may declare any number.
    const count = operation.length - 1 - (below(12) === 0 ? 1 : 0);
    const values = Array.from({ length: count }, (_, index) => argument(name, index));
    let answer: number | Promise<number>;
    const whole = count === operation.length - 1;
    try {
      answer = operation(guest, ...values);
    } catch (error) {
      const expected = !whole || error instanceof GuestError || error instanceof RangeError;
      if (!expected) throw new Error(`${name}(${values.join(", ")})`, { cause: error });
      answer = error instanceof RangeError ? ERRNO.FAULT : errnoOf(error);
    }
    if (typeof answer !== "number") {
      let turns = 6;
      const late = (done: (value: number) => void): void => {
        if (turns-- === 0) done(-1);
        else setImmediate(late, done);
      };
      answer = await Promise.race([answer, new Promise<number>(late)]);
      if (answer === -1) {
        guest.end({ kind: "closed" });
        guest = undefined;
        continue;
      }
    }
    seen.add(answer);
    if (answer < 0 || answer > AI_LAST) throw new Error(`${name} answered ${answer}`);
  }
  guest?.end({ kind: "closed" });
  expect(outside).toContain("8.8.8.8");
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(open + 2);
  // It did get beyond the first checks.
  for (const errno of [
    ERRNO.SUCCESS,
    ERRNO.BADF,
    ERRNO.FAULT,
    ERRNO.INVAL,
    ERRNO.MFILE,
    ERRNO.ACCES,
    ERRNO.ADDRNOTAVAIL,
    ERRNO.AFNOSUPPORT,
    ERRNO.AGAIN,
    ERRNO.CONNREFUSED,
    ERRNO.DESTADDRREQ,
    ERRNO.INPROGRESS,
    ERRNO.ISCONN,
    ERRNO.NOTCONN,
    ERRNO.NOTSUP,
  ])
    expect(seen).toContain(errno);
});
