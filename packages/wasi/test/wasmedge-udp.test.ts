import { createSocket } from "node:dgram";
import type { RemoteInfo } from "node:dgram";

import { describe, expect, it } from "vitest";

import type { NetworkPolicy } from "../src/index.ts";
import { runGuest } from "./run-guest.ts";
import { startGuest } from "./start-guest.ts";

const POD: NetworkPolicy = { address: "127.77.0.1" };

async function newer(args: readonly string[], network: NetworkPolicy = {}): Promise<string> {
  const { exit, stdout, stderr } = await runGuest("wasmedge-newer", args, { network });
  if (exit.kind !== "exit" || exit.code !== 0) throw new Error(`${JSON.stringify(exit)} ${stdout} ${stderr}`);
  return stdout;
}

describe("UDP", () => {
  it.each([
    ["127.0.0.1", "udp4", 1],
    ["::1", "udp6", 2],
  ] as const)("on %s: datagrams come with their sender, who is answered", async (host, type, family) => {
    const guest = await startGuest("wasmedge-newer", ["echo", host, "3"], { network: {} });
    const [, told, port] = (await guest.line()).split(" ").map(Number);
    expect(told).toBe(family);
    const socket = createSocket(type);
    try {
      for (const [message, answer] of [
        ["hello", "olleh"],
        ["", ""],
        ["x".repeat(40), "x".repeat(32)],
      ] as const) {
        const answered = new Promise<[Buffer, RemoteInfo]>((resolve) =>
          socket.once("message", (data, from) => resolve([data, from])),
        );
        socket.send(message, port, host);
        const [data, from] = await answered;
        expect(data.toString()).toBe(answer);
        expect(from.port).toBe(port);
        expect(await guest.line()).toBe(
          `${Math.min(message.length, 32)} from family ${family}, truncated ${message.length > 32 ? 1 : 0}`,
        );
      }
      expect(await guest.exit).toEqual({ kind: "exit", code: 0 });
    } finally {
      socket.close();
    }
  });

  it("on a guest's loopback hears its own address alone", async () => {
    const guest = await startGuest("wasmedge-newer", ["echo", "127.0.0.1", "1"], { network: POD });
    const port = Number((await guest.line()).split(" ").at(-1));
    const [neighbour, own] = [createSocket("udp4"), createSocket("udp4")];
    try {
      await new Promise<void>((resolve) => neighbour.bind(0, "127.77.0.2", resolve));
      await new Promise<void>((resolve) => own.bind(0, "127.77.0.1", resolve));
      // Datagrams on the loopback device arrive in the order of their sending.
      await new Promise((resolve) => neighbour.send("foreign", port, "127.77.0.1", resolve));
      const answered = new Promise<string>((resolve) =>
        own.once("message", (data) => resolve(data.toString())),
      );
      own.send("mine", port, "127.77.0.1");
      expect(await answered).toBe("enim");
      expect(await guest.exit).toEqual({ kind: "exit", code: 0 });
    } finally {
      neighbour.close();
      own.close();
    }
  });

  it("connected: reads, writes and looks ahead", async () => {
    const socket = createSocket("udp4");
    const senders: string[] = [];
    socket.on("message", (data, from) => {
      senders.push(from.address);
      socket.send(`<${data.toString()}>`, from.port, from.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    try {
      const port = String(socket.address().port);
      expect(await newer(["talk", "127.0.0.1", port, "hi"])).toBe("3 1 <hi>\npeer 1\n");
      expect(senders).toEqual(["127.0.0.1"]);
    } finally {
      socket.close();
    }
  });

  it("leaves from the guest's own address", async () => {
    const socket = createSocket("udp4");
    const sender = new Promise<string>((resolve) =>
      socket.on("message", (_data, from) => resolve(from.address)),
    );
    await new Promise<void>((resolve) => socket.bind(0, "127.77.0.2", resolve));
    const guest = await startGuest(
      "wasmedge-newer",
      ["talk", "127.77.0.2", String(socket.address().port), "hi"],
      { network: POD },
    );
    expect(await sender).toBe("127.77.0.1");
    guest.wasi.close();
    socket.close();
  });
});

it("the newer accept takes flags, and an unbound socket that listens gets a port", async () => {
  const guest = await startGuest("wasmedge-newer", ["accept", "127.0.0.1"], { network: POD });
  const [, , port] = (await guest.line()).split(" ").map(Number);
  const { connect } = await import("node:net");
  const socket = connect(port ?? 0, "127.77.0.1");
  expect(await guest.line()).toBe("nothing yet");
  expect(await guest.exit).toEqual({ kind: "exit", code: 0 });
  socket.destroy();
});

describe("sock_getaddrinfo", () => {
  it.each([
    ["an address and a port", ["127.0.0.1", "8080", 1, 2, 0], "0: 1/2/1/16/14 127.0.0.1:8080\n"],
    ["a service by its name", ["127.0.0.1", "http", 1, 2, 0], "0: 1/2/1/16/14 127.0.0.1:80\n"],
    ["an address of IPv6", ["::1", "53", 0, 1, 0], "0: 2/1/2/28/26 ..1:53\n"],
    [
      "every kind of socket",
      ["127.0.0.1", "1", 0, 0, 0],
      "0: 1/2/1/16/14 127.0.0.1:1 1/1/2/16/14 127.0.0.1:1\n",
    ],
    ["every address, to listen on", ["", "1", 0, 2, 1], "0: 1/2/1/16/14 0.0.0.0:1 2/2/1/28/26 ..0:1\n"],
    ["the name itself, if asked", ["127.0.0.1", "", 1, 2, 2], "0: 1/2/1/16/14 127.0.0.1:0 (127.0.0.1)\n"],
    ["IPv4 mapped into IPv6, if asked", ["127.0.0.1", "1", 2, 2, 16], "0: 2/2/1/28/26 ..1:1\n"],
    ["no service of that name", ["127.0.0.1", "nonsense", 1, 2, 0], "85:\n"],
    ["no port above 65535", ["127.0.0.1", "65536", 1, 2, 0], "85:\n"],
    ["no name where only numbers are wanted", ["localhost", "1", 1, 2, 4], "84:\n"],
    ["no other family", ["127.0.0.1", "1", 3, 2, 0], "81:\n"],
    ["no unknown flag", ["127.0.0.1", "1", 1, 2, 128], "79:\n"],
    ["nothing for nothing", ["", "", 1, 2, 0], "84:\n"],
  ] as const)("knows %s", async (_what, args, answer) => {
    expect(await newer(["names", ...args.map(String)])).toBe(answer);
  });

  it("asks the host's resolver for names", async () => {
    expect(await newer(["names", "localhost", "80", "1", "2", "0"])).toBe("0: 1/2/1/16/14 127.0.0.1:80\n");
  });

  it("asks its policy instead, and tells what that says", async () => {
    const names: string[] = [];
    const lookup = (name: string): Promise<readonly string[]> => {
      names.push(name);
      if (name === "broken") return Promise.reject(new Error("broken"));
      return Promise.resolve(name === "web" ? ["10.0.0.7", "not an address", "10.0.0.7", "10.0.0.8"] : []);
    };
    expect(await newer(["names", "web", "80", "0", "2", "0"], { lookup })).toBe(
      "0: 1/2/1/16/14 10.0.0.7:80 1/2/1/16/14 10.0.0.8:80\n",
    );
    expect(await newer(["names", "nobody", "80", "0", "2", "0"], { lookup })).toBe("84:\n");
    expect(await newer(["names", "broken", "80", "0", "2", "0"], { lookup })).toBe("78:\n");
    expect(names).toEqual(["web", "nobody", "broken"]);
  });

  it("is refused without a network", async () => {
    const { stdout } = await runGuest("wasmedge-newer", ["names", "127.0.0.1", "1", "1", "2", "0"]);
    expect(stdout).toBe("2:\n");
  });
});
