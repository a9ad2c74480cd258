import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:https";
import { text } from "node:stream/consumers";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

import { selfSignedCertificate } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { isAddressAllowed, isOriginAllowed } from "../src/http/http-access.ts";
import type { HttpAccess } from "@krustlet/interface";
import { parseRequestHeaders } from "../src/http/request-headers.ts";
import type { WasiInit } from "../src/index.ts";
import { generator } from "./generator.ts";
import { startGuest } from "./start-guest.ts";

/** Lets files and sockets come to their own until something holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A server on loopback that remembers what it was asked. */
async function openServer(listener: RequestListener, host = "127.0.0.1") {
  const asked: {
    readonly line: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[] = [];
  const server = createServer((message, response) => {
    const answer = async (): Promise<void> => {
      asked.push({
        line: `${message.method} ${message.url}`,
        headers: message.headers,
        body: await text(message),
      });
      listener(message, response);
    };
    void answer();
  }).listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://${host}:${port}`,
    asked,
    connections: () =>
      new Promise<number>((resolve) => void server.getConnections((_error, count) => resolve(count))),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Everything that the guest prints. */
async function ask(args: readonly string[], init: WasiInit): Promise<readonly string[]> {
  let printed = "";
  const stdout = { write: (chunk: Uint8Array) => void (printed += Buffer.from(chunk).toString()) };
  const { exit } = await startGuest("http", args, { ...init, stdout });
  expect(await exit).toStrictEqual({ kind: "exit", code: 0 });
  return printed.trimEnd().split("\n");
}

const access = (...origins: readonly string[]): WasiInit => ({ http: { origins, maxRequests: 2 } });
const ok: RequestListener = (_message, response) => void response.setHeader("X-Reply", "yes").end("hello");

describe("wasi_experimental_http", () => {
  it("sends a request with its headers and body, and reads status, headers and body of the answer", async () => {
    await using server = await openServer(ok);
    const url = `${server.origin}/post?x=1#part`;
    const printed = await ask(["POST", url, "Abc: def\nabc:ghi\n", "the body"], access(server.origin));
    expect(printed).toStrictEqual([
      "status 200",
      "x-reply yes",
      "short 4",
      "all 1",
      "hello",
      "read 5 code 0",
      "closed 0 1",
    ]);
    expect(server.asked).toMatchObject([
      { line: "POST /post?x=1", headers: { abc: "def, ghi", "content-length": "8" }, body: "the body" },
    ]);
  });

  it("reads a body in pieces, and no faster than the guest asks for it", async () => {
    const size = 3_000_000;
    await using server = await openServer((_message, response) => void response.end(Buffer.alloc(size, "x")));
    const printed = await ask(["GET", server.origin, "", "", "1000"], access(server.origin));
    expect(printed).toContain(`read ${size} code 0`);
  });

  it("goes nowhere without an origin that is listed: not to another port, scheme or host", async () => {
    await using server = await openServer(ok);
    await using other = await openServer(ok);
    const get = (url: string, init: WasiInit) => ask(["GET", url, "", ""], init);
    for (const init of [
      {},
      access(),
      access(other.origin),
      access("not a URL"),
      access("https://127.0.0.1"),
    ]) {
      await expect(get(server.origin, init)).resolves.toStrictEqual(["code 7"]);
    }
    await expect(get(`http://localhost:${server.port}`, access(server.origin))).resolves.toStrictEqual([
      "code 7",
    ]);
    expect(server.asked).toStrictEqual([]);
  });

  it.each([
    ["GET", "nonsense", "", "code 10"],
    ["GET", "file:///etc/passwd", "", "code 10"],
    ["GET", "http://user:secret@127.0.0.1/", "", "code 10"],
    ["CONNECT", "http://127.0.0.1/", "", "code 8"],
    ["GET / HTTP/1.1\r\nX: y", "http://127.0.0.1/", "", "code 8"],
    ["GET", "http://127.0.0.1/", "no header", "code 9"],
    ["GET", "http://127.0.0.1/", "a: b\rc", "code 9"],
    ["GET", "http://127.0.0.1:1/", "", "code 11"],
  ])("refuses %j to %j with headers %j: %s", async (method, url, headers, code) => {
    const init = access("http://127.0.0.1", "http://127.0.0.1:1");
    await expect(ask([method, url, headers, ""], init)).resolves.toStrictEqual([code]);
  });

  it("lets a guest say nothing of the connection, so that two readers cannot be made to disagree", async () => {
    await using server = await openServer(ok);
    const headers =
      "Host: metadata\nContent-Length: 999\nTransfer-Encoding: chunked\nConnection: upgrade\nUpgrade: x\nA: b";
    await ask(["POST", server.origin, headers, "12"], access(server.origin));
    expect(server.asked[0]?.headers).toStrictEqual({
      a: "b",
      host: new URL(server.origin).host,
      "content-length": "2",
      connection: "close",
    });
  });

  it("follows redirects to where the guest may go itself, without the secrets of another origin", async () => {
    await using target = await openServer(ok);
    await using server = await openServer((message, response) => {
      const to = message.url === "/away" ? `${target.origin}/there` : "/home";
      if (message.url === "/home") response.end("home");
      else response.writeHead(302, { Location: to }).end();
    });
    const headers = "Authorization: secret\nContent-Type: text/plain";
    const both = access(server.origin, target.origin);
    expect(await ask(["POST", `${server.origin}/near`, headers, "x"], both)).toContain("home");
    expect(server.asked.at(-1)).toMatchObject({ line: "GET /home", body: "" });
    expect(server.asked.at(-1)?.headers).toMatchObject({ authorization: "secret" });
    expect(server.asked.at(-1)?.headers["content-type"]).toBeUndefined();
    await ask(["GET", `${server.origin}/away`, headers, ""], both);
    expect(target.asked[0]?.line).toBe("GET /there");
    expect(target.asked[0]?.headers.authorization).toBeUndefined();
    await expect(ask(["GET", `${server.origin}/away`, "", ""], access(server.origin))).resolves.toStrictEqual(
      ["code 7"],
    );
    expect(target.asked).toHaveLength(1);
  });

  it("does not go round in circles, nor to a redirect of another kind", async () => {
    await using server = await openServer((message, response) => {
      const location = message.url === "/file" ? "file:///etc/passwd" : "/again";
      response.writeHead(307, { Location: location }).end();
    });
    await expect(ask(["GET", server.origin, "", ""], access(server.origin))).resolves.toStrictEqual([
      "code 11",
    ]);
    await expect(ask(["GET", `${server.origin}/file`, "", ""], access(server.origin))).resolves.toStrictEqual(
      ["code 10"],
    );
  });

  it("is not led to the node's own services or a cloud's metadata by whoever answers for a name", async () => {
    await using server = await openServer(ok);
    const origin = `http://listed.example:${server.port}`;
    for (const address of [
      "127.0.0.1",
      "169.254.169.254",
      "10.0.0.1",
      "::1",
      "fd00::1",
      "::ffff:127.0.0.1",
    ]) {
      const init = { ...access(origin), network: { lookup: async () => [address] } };
      await expect(ask(["GET", origin, "", ""], init)).resolves.toStrictEqual(["code 7"]);
    }
    let asked = 0;
    const rebinding = async (): Promise<readonly string[]> =>
      asked++ === 0 ? ["127.0.0.1"] : ["93.184.215.14"];
    await ask(["GET", origin, "", ""], { ...access(origin), network: { lookup: rebinding } });
    expect(asked).toBe(1);
    expect(server.asked).toStrictEqual([]);
  });

  it("has no more of the network than the guest's sockets have", async () => {
    await using server = await openServer(ok);
    const forbidden = { ...access(server.origin), network: { connect: () => false } };
    await expect(ask(["GET", server.origin, "", ""], forbidden)).resolves.toStrictEqual(["code 7"]);
    // The guest's loopback is its own address, not the host's.
    const own = { ...access(server.origin), network: { address: "127.78.0.9" } };
    await expect(ask(["GET", server.origin, "", ""], own)).resolves.toStrictEqual(["code 11"]);
    await using elsewhere = await openServer(ok, "127.78.0.10");
    const reached = await ask(["GET", elsewhere.origin, "", ""], { ...own, ...access(elsewhere.origin) });
    expect(reached[0]).toBe("status 200");
  });

  it("has so many answers open and no more, and none is left when the guest has ended", async () => {
    await using server = await openServer((_message, response) => void response.write("never ends"));
    await expect(ask(["GET", server.origin, "", "", "open"], access(server.origin))).resolves.toStrictEqual([
      "status 200",
      "status 200",
      "code 13",
      "code 13",
      "code 13",
    ]);
    await until(async () => (await server.connections()) === 0);
  });

  it("gives up a server that never answers, and lets go of it when the guest is killed", async () => {
    const open: (() => void)[] = [];
    await using server = await openServer(() => undefined);
    const clock = {
      realtime: () => 0n,
      monotonic: () => 0n,
      timer: (_ms: number, wake: () => void) => {
        open.push(wake);
        return { [Symbol.dispose]: () => undefined };
      },
    };
    const init = { ...access(server.origin), clock };
    const late = ask(["GET", server.origin, "", ""], init);
    await until(() => server.asked.length === 1);
    for (const wake of open) wake();
    await expect(late).resolves.toStrictEqual(["code 11"]);
    const killed = await startGuest("http", ["GET", server.origin, "", ""], init);
    await until(() => server.asked.length === 2);
    killed.wasi.close();
    await until(async () => (await server.connections()) === 0);
    expect(await killed.exit).toStrictEqual({ kind: "closed" });
  });

  it("speaks TLS to who shows a certificate of the host's name that somebody trusted signed, and to nobody else", async () => {
    const { certificate: cert, key } = selfSignedCertificate();
    const server = createTlsServer({ cert, key }, ok).listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const get = () => ask(["GET", origin, "", ""], access(origin));
    await expect(get()).resolves.toStrictEqual(["code 11"]);
    const before = getCACertificates();
    setDefaultCACertificates([...before, cert]);
    expect((await get())[0]).toBe("status 200");
    setDefaultCACertificates(before);
    server.close();
  });

  it("answers hostile pointers and handles with codes", async () => {
    const init = access("http://127.0.0.1");
    await expect(ask(["GET", "http://127.0.0.1/", "", "", "hostile"], init)).resolves.toStrictEqual([
      "3 3 3 6 1 1 1 1",
    ]);
  });
});

describe("where requests may go", () => {
  const all: HttpAccess = { origins: "all", maxRequests: 1 };

  it("is the very origin, or any public address", () => {
    const listed: HttpAccess = {
      origins: ["https://Example.com/path", "http://192.168.0.1"],
      maxRequests: 1,
    };
    const isAllowed = (url: string) => isOriginAllowed(listed, new URL(url));
    expect(
      ["https://example.com/x", "https://example.com:443", "http://192.168.0.1/y"].every(isAllowed),
    ).toBe(true);
    expect(
      [
        "http://example.com",
        "https://example.com:8443",
        "https://example.com.evil",
        "https://a.example.com",
        "http://192.168.0.10",
      ].some(isAllowed),
    ).toBe(false);
    expect(isAddressAllowed(listed, new URL("http://192.168.0.1"), "192.168.0.1")).toBe(true);
    expect(isAddressAllowed(listed, new URL("https://example.com"), "192.168.0.1")).toBe(false);
    expect(isAddressAllowed(all, new URL("http://3232235521"), "192.168.0.1")).toBe(false);
    expect(isAddressAllowed(all, new URL("http://example.com"), "93.184.215.14")).toBe(true);
    expect(isAddressAllowed(all, new URL("http://example.com"), "2606:4700::1111")).toBe(true);
  });

  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.1.1",
    "198.19.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "64:ff9b::a9fe:a9fe",
    "fe80::1",
    "fd00:ec2::254",
    "ff02::1",
    "2002:7f00:1::",
    "no address",
  ])("is not %s, which is not public", (address) => {
    expect(isAddressAllowed(all, new URL("http://example.com"), address)).toBe(false);
  });
});

it("headers are read or refused, whatever they are, and none has a line of its own in it", () => {
  const below = generator(20_261_126);
  const pieces = ["a", ":", "\n", "\r", "\0", " ", "é", "日", "Host", "-"];
  for (let run = 0; run < 2000; run += 1) {
    const given = Array.from({ length: below(12) }, () => pieces[below(pieces.length)]).join("");
    let values: string[] = [];
    let code = 9;
    try {
      values = Object.entries(parseRequestHeaders(given)).flatMap(([name, all]) => [name, ...all]);
    } catch (error) {
      ({ code } = error as { code: number });
    }
    expect(code).toBe(9);
    for (const each of values) expect(each).not.toMatch(/[\r\n\0]/u);
  }
});
