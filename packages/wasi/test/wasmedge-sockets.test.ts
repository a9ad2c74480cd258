import { connect } from "node:net";
import type { Socket } from "node:net";

import { describe, expect, it } from "vitest";

import { WOULD_BLOCK } from "../src/descriptors/descriptor.ts";
import { ERRNO } from "../src/errno.ts";
import { FAMILY } from "../src/wasmedge/socket-address.ts";
import { OPTION } from "../src/wasmedge/socket-options.ts";
import { TcpDescriptor } from "../src/wasmedge/tcp-descriptor.ts";

const ANY_PORT = { address: "127.0.0.1", port: 0 };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

async function bound(budget = { left: 1024 }): Promise<TcpDescriptor> {
  const socket = new TcpDescriptor(FAMILY.INET4);
  await socket.bind(ANY_PORT, budget);
  return socket;
}

/** How connecting ends: with `connect`, and what follows until it is closed. */
function dial(socket: TcpDescriptor): { readonly client: Socket; readonly end: Promise<string> } {
  const client = connect(socket.local.port, "127.0.0.1");
  const end = new Promise<string>((resolve) => {
    client.once("end", () => resolve("end"));
    client.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
  });
  client.resume();
  return { client, end };
}

async function accepted(listener: TcpDescriptor): Promise<TcpDescriptor> {
  await until(() => listener.ready("read") !== undefined);
  return new TcpDescriptor(FAMILY.INET4, listener.accept());
}

describe("a listening socket", () => {
  it("that is bound and does not listen yet resets who connects", async () => {
    const socket = await bound();
    expect(await dial(socket).end).toBe("ECONNRESET");
    socket.close();
  });

  it("lets as many wait as its guest said, and resets the others", async () => {
    const socket = await bound();
    socket.listen(2);
    const dialled = [dial(socket), dial(socket), dial(socket)];
    expect(await Promise.race(dialled.map(({ end }) => end))).toBe("ECONNRESET");
    expect(socket.ready("read")).toEqual({ bytes: 2, hangup: false });
    expect(socket.ready("write")).toBeUndefined();
    socket.close();
    for (const { client } of dialled) client.destroy();
  });

  it("shares what may wait with its guest's others, and gives it back", async () => {
    const budget = { left: 1 };
    const [one, other] = [await bound(budget), await bound(budget)];
    one.listen(8);
    other.listen(8);
    const first = dial(one);
    await until(() => one.ready("read") !== undefined);
    expect(await dial(other).end).toBe("ECONNRESET");
    const connection = await accepted(one);
    const second = dial(other);
    await until(() => other.ready("read") !== undefined);
    expect(budget.left).toBe(0);
    other.close();
    expect(budget.left).toBe(1);
    connection.close();
    one.close();
    await Promise.all([first.end, second.end]);
  });

  it("that is shut down lets nobody connect any more", async () => {
    const socket = await bound();
    socket.listen(8);
    const { port } = socket.local;
    socket.shutdown(true, true);
    const client = connect(port, "127.0.0.1");
    const error = await new Promise((resolve) => client.once("error", resolve));
    expect(String(error)).toContain("ECONNREFUSED");
    socket.close();
  });
});

describe("closing a connection", () => {
  it("sends what was written", async () => {
    const listener = await bound();
    listener.listen(1);
    const { client, end } = dial(listener);
    let received = 0;
    client.on("data", (chunk) => (received += chunk.length));
    const connection = await accepted(listener);
    connection.write([new Uint8Array(500_000)]);
    connection.close();
    expect(await end).toBe("end");
    expect(received).toBe(500_000);
    client.destroy();
    listener.close();
  });

  it("resets it where its guest wants no lingering", async () => {
    const listener = await bound();
    listener.listen(1);
    const { end } = dial(listener);
    const connection = await accepted(listener);
    connection.options.set(OPTION.LINGER, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
    connection.close();
    expect(await end).toBe("ECONNRESET");
    listener.close();
  });
});

it("a connection that its peer resets tells so once, and keeps its addresses", async () => {
  const listener = await bound();
  listener.listen(1);
  const { client } = dial(listener);
  const connection = await accepted(listener);
  const { peer } = connection;
  expect(connection.read([new Uint8Array(1)])).toBe(WOULD_BLOCK);
  client.resetAndDestroy();
  await until(() => connection.ready("read") !== undefined);
  expect(connection.peer).toEqual(peer);
  expect(connection.peer?.address).toBe("127.0.0.1");
  expect([connection.takeError(), connection.takeError()]).toEqual([ERRNO.CONNRESET, ERRNO.SUCCESS]);
  connection.close();
  listener.close();
});
