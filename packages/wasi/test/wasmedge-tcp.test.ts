import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

import { describe, expect, it } from "vitest";

import { createWasi, openListener } from "../src/index.ts";
import type { NetworkPolicy, PreopenedListener } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";
import { runGuest } from "./run-guest.ts";
import { startGuest } from "./start-guest.ts";

const HOST: NetworkPolicy = {};
const POD: NetworkPolicy = { address: "127.77.0.1" };

async function serve(host: string, connected: (socket: Socket) => void, port = 0): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, connected);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function exchange(host: string, port: number, message: string, localAddress?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
    socket.once("end", () => resolve(Buffer.concat(chunks).toString()));
    socket.once("error", reject);
    socket.end(message);
  });
}

/** A port of `host` that nobody listens on. */
async function freePort(host: string): Promise<number> {
  await using server = await serve(host, () => {});
  return portOf(server);
}

async function tcp(
  args: readonly (string | number)[],
  network: NetworkPolicy = HOST,
  listen: readonly PreopenedListener[] = [],
): Promise<string> {
  const { exit, stdout, stderr } = await runGuest("wasmedge-tcp", args.map(String), { network, listen });
  if (exit.kind !== "exit" || exit.code !== 0) throw new Error(`${JSON.stringify(exit)} ${stdout} ${stderr}`);
  return stdout;
}

describe("a TCP client", () => {
  it.each(["127.0.0.1", "::1"])("connects to %s, sends, and receives until the end", async (host) => {
    await using server = await serve(host, (socket) => socket.pipe(socket));
    const out = await tcp(["client", host, portOf(server), "hello"]);
    const shown = host === "::1" ? "[..1]" : host;
    expect(out).toContain(`peer ${shown}:${portOf(server)}\nlocal ${shown}:`);
    expect(out.split("\n")[2]).toBe("hello");
  });

  it("comes from the address that it was given, and finds its own address at localhost", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await serve("127.77.0.1", (socket) => {
      seen.push(socket.remoteAddress);
      socket.resume().end();
    });
    await tcp(["client", "127.0.0.1", portOf(server), "x"], POD);
    expect(seen).toEqual(["127.77.0.1"]);
  });

  it("is told when nobody listens, and may try again on the same socket", async () => {
    await using server = await serve("127.0.0.1", (socket) => socket.resume().end());
    const free = await freePort("127.0.0.1");
    expect(await tcp(["retry", "127.0.0.1", free, portOf(server)])).toBe("connect 14 0\n");
  });

  it("connects without waiting, polls, and asks how it went", async () => {
    await using server = await serve("127.0.0.1", (socket) => socket.pipe(socket));
    expect(await tcp(["nonblocking", "127.0.0.1", portOf(server)])).toBe("error 0\nnow\n");
    expect(await tcp(["nonblocking", "127.0.0.1", await freePort("127.0.0.1")])).toBe("error 14\n");
  });

  it("may ask how connecting went by connecting once more", async () => {
    await using server = await serve("127.0.0.1", (socket) => socket.resume().end());
    expect(await tcp(["again", "127.0.0.1", portOf(server)])).toBe("30\n");
    expect(await tcp(["again", "127.0.0.1", await freePort("127.0.0.1")])).toBe("14\n");
  });

  it("that floods a peer who does not read is held back", async () => {
    let peer: Socket | undefined;
    await using server = await serve("127.0.0.1", (socket) => {
      socket.on("error", () => {});
      peer = socket.pause();
    });
    const wasi = createWasi({
      args: ["wasmedge-tcp", "flood", "127.0.0.1", String(portOf(server))],
      network: HOST,
    });
    const module = await compileGuest("wasmedge-tcp");
    const exit = wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
    let [before, rounds] = [-1n, 0];
    // It has come to rest once it has not run for many turns of the event loop.
    while (rounds < 200) {
      rounds = wasi.cpuTime === before && peer !== undefined ? rounds + 1 : 0;
      before = wasi.cpuTime;
      await new Promise(setImmediate);
    }
    expect(wasi.ended).toBeUndefined();
    wasi.close();
    expect(await exit).toEqual({ kind: "closed" });
    peer?.destroy();
  });
});

describe("a TCP server", () => {
  it.each(["127.0.0.1", "::1"])("on %s accepts and echoes several connections", async (host) => {
    const guest = await startGuest("wasmedge-tcp", ["server", host, "0", "3"], { network: HOST });
    const port = Number((await guest.line()).split(":").at(-1));
    const first = ["one", "x".repeat(200_000)].map((message) => exchange(host, port, message));
    expect(await Promise.all(first)).toEqual(["one", "x".repeat(200_000)]);
    expect(await exchange(host, port, "three")).toBe("three");
    expect(await guest.exit).toEqual({ kind: "exit", code: 0 });
    await expect(exchange(host, port, "four")).rejects.toThrow("ECONNREFUSED");
  });

  it("binds to its own address where it asks for any, and only there", async () => {
    const guest = await startGuest("wasmedge-tcp", ["server", "0.0.0.0", "0", "1"], { network: POD });
    const line = await guest.line();
    expect(line).toMatch(/^listening 127\.77\.0\.1:\d+$/u);
    const port = Number(line.split(":").at(-1));
    await expect(exchange("127.0.0.1", port, "")).rejects.toThrow("ECONNREFUSED");
    expect(await exchange("127.77.0.1", port, "mine")).toBe("mine");
    expect(await guest.exit).toEqual({ kind: "exit", code: 0 });
  });

  it("on its loopback hears its own address alone", async () => {
    const guest = await startGuest("wasmedge-tcp", ["server", "127.0.0.1", "0", "1"], { network: POD });
    const line = await guest.line();
    expect(line).toMatch(/^listening 127\.77\.0\.1:\d+$/u);
    const port = Number(line.split(":").at(-1));
    await expect(exchange("127.0.0.1", port, "")).rejects.toThrow("ECONNREFUSED");
    for (const neighbour of ["127.0.0.1", "127.77.0.2"])
      await expect(exchange("127.77.0.1", port, "", neighbour)).rejects.toThrow("ECONNRESET");
    expect(await exchange("127.77.0.1", port, "mine", "127.77.0.1")).toBe("mine");
    expect(await guest.exit).toEqual({ kind: "exit", code: 0 });
  });

  it.each(["0.0.0.0", "127.0.0.1", "127.77.0.1"])(
    "that binds %s and a port it was given listens on the socket that waits there, at every address of it",
    async (wanted) => {
      const free = await freePort("127.77.0.1");
      const listener = await openListener({
        name: "http",
        binds: [
          { address: "127.77.0.1", port: free },
          { address: "127.0.0.1", port: 0 },
        ],
      });
      const published = listener.addresses[1]?.port ?? 0;
      const early = exchange("127.0.0.1", published, "early");
      const guest = await startGuest("wasmedge-tcp", ["server", wanted, String(free), "2"], {
        network: POD,
        listen: [listener],
      });
      expect(await guest.line()).toBe(`listening 127.77.0.1:${free}`);
      expect(await early).toBe("early");
      expect(await exchange("127.77.0.1", free, "late")).toBe("late");
      expect(await guest.exit).toEqual({ kind: "exit", code: 0 });
      await expect(exchange("127.0.0.1", published, "")).rejects.toThrow("ECONNREFUSED");
    },
  );

  it("gets the socket that it was given once, and again when it has closed its own", async () => {
    const listener = await openListener({ name: "http", binds: [{ address: "127.77.0.1", port: 0 }] });
    const port = listener.addresses[0]?.port ?? 0;
    const out = await tcp(["twice", "0.0.0.0", port], POD, [listener]);
    expect(out).toBe("bind 0 3 0\n");
  });

  it("leaves its port free when its guest is ended, and drops who waits", async () => {
    const guest = await startGuest("wasmedge-tcp", ["server", "127.0.0.1", "0", "9"], { network: HOST });
    const port = Number((await guest.line()).split(":").at(-1));
    const open = connect(port, "127.0.0.1");
    await new Promise((resolve) => open.once("connect", resolve));
    const dropped = new Promise((resolve) => open.once("close", resolve));
    open.on("error", () => {});
    open.resume();
    guest.wasi.close();
    await dropped;
    await using again = await serve("127.0.0.1", () => {}, port);
    expect(portOf(again)).toBe(port);
  });
});

describe("what a guest may not", () => {
  it.each([
    ["its neighbour's address", "127.77.0.2", POD, 4],
    ["another address of the host's loopback", "127.0.0.2", POD, 4],
    ["its own loopback in IPv6", "::1", POD, 0],
    ["its own address", "127.77.0.1", POD, 0],
    ["its own loopback", "127.0.0.1", POD, 0],
  ])("binding to %s", async (_what, address, network, errno) => {
    expect(await tcp(["bind", address, 0], network)).toBe(`bind ${errno}\n`);
  });

  it("binding to a port that is taken", async () => {
    await using server = await serve("127.0.0.1", () => {});
    expect(await tcp(["bind", "127.0.0.1", portOf(server)])).toBe("bind 3\n");
  });

  it("connecting where its policy forbids it, however the address is written", async () => {
    const asked: string[] = [];
    const network: NetworkPolicy = {
      connect: (address, port, protocol) => {
        asked.push(`${protocol} ${address}:${port}`);
        return false;
      },
    };
    for (const address of ["127.0.0.1", "0.0.0.0", "::1"])
      expect(await tcp(["connect", address, 7], network)).toBe("connect 2\n");
    expect(asked).toEqual(["tcp 127.0.0.1:7", "tcp 127.0.0.1:7", "tcp ::1:7"]);
  });

  it("leaving the family of its own address", async () => {
    expect(await tcp(["connect", "::7", 7], POD)).not.toBe("connect 0\n");
  });

  it("opening a socket without a network", async () => {
    const { stdout } = await runGuest("wasmedge-tcp", ["bind", "127.0.0.1", "0"]);
    expect(stdout).toBe("open 2\n");
  });

  it("opening more descriptors than it may have", async () => {
    const { stdout } = await runGuest("wasmedge-tcp", ["many", "0.0.0.0", "0"], {
      network: HOST,
      maxDescriptors: 20,
    });
    expect(stdout).toBe("17 33\n");
  });
});

it("options are told and kept, and a limit to waiting holds", async () => {
  expect((await tcp(["options", "127.0.0.1", 0])).split("\n")).toEqual([
    "type 2 listens 0 alive 1",
    "limit 0 5000 16",
    "listens 1",
    "",
  ]);
});
