import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";

import { isKrustletError } from "@krustlet/interface";
import { describe, expect, it } from "vitest";

import { openListener, runModule } from "../src/index.ts";
import type { WasiInit } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";

const LOOPBACK = { name: "http", binds: [{ address: "127.0.0.1", port: 0 }] };

function received(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
    socket.once("end", () => resolve(Buffer.concat(chunks).toString()));
    socket.once("error", reject);
  });
}

// The socket comes before the directory, as descriptor 3, and the directory is found nevertheless.
function serveInit(init: WasiInit, directory: string): WasiInit {
  return {
    ...init,
    preopens: [{ guestPath: "/", node: { kind: "host-directory", path: directory, readOnly: true } }],
  };
}

describe("a server on a preopened socket", () => {
  it("is told of it, accepts, receives, sends and shuts down", async () => {
    const directory = await mkdtemp(`${tmpdir()}/krustlet-serve-`);
    await writeFile(`${directory}/greeting`, "hi ");
    try {
      const listener = await openListener(LOOPBACK);
      const out: string[] = [];
      const stdout = { write: (chunk: Uint8Array) => void out.push(Buffer.from(chunk).toString()) };
      const running = runModule(
        await compileGuest("serve"),
        serveInit({ listen: [listener], stdout }, directory),
      );
      const port = listener.addresses[0]?.port ?? 0;
      for (const message of ["hello", "x".repeat(300_000), "quit"]) {
        const socket = connect(port, "127.0.0.1");
        const answer = received(socket);
        socket.end(message);
        expect(await answer).toBe(`hi ${message}`);
      }
      expect(await running).toEqual({ kind: "exit", code: 0 });
      expect(out.join("")).toBe("1 http\n");
      await expect(
        new Promise((resolve, reject) =>
          connect(port, "127.0.0.1", () => resolve(true)).once("error", reject),
        ),
      ).rejects.toThrow("ECONNREFUSED");
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe("opening a listener", () => {
  it("says which address is in use, and leaves nothing bound", async () => {
    await using first = await openListener(LOOPBACK);
    const taken = first.addresses[0] ?? { address: "", port: 0 };
    const free = { address: "127.0.0.1", port: 0 };
    const error: unknown = await openListener({ name: "http", binds: [free, taken] }).catch(
      (caught: unknown) => caught,
    );
    expect(isKrustletError(error, "AddressInUse")).toBe(true);
    expect(String(error)).toContain(`127.0.0.1:${taken.port}`);
  });
});
