import { describe, expect, it } from "vitest";
import { OutputDelivery } from "../src/output-delivery.ts";
import { StdinFeed } from "../src/stdin-feed.ts";
import { OutputPipe } from "../src/thread/output-pipe.ts";
import { RemoteStdin } from "../src/thread/remote-stdin.ts";

const text = (chunk: Uint8Array | undefined): string => Buffer.from(chunk ?? []).toString();
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("OutputPipe", () => {
  const createPipe = (coalesce: boolean) => {
    const sent: string[] = [];
    const pipe = new OutputPipe((stream, chunk) => void sent.push(`${stream}:${text(chunk)}`), coalesce);
    return { pipe, sent };
  };

  it("sends the first write at once and puts later small ones together until the guest pauses", () => {
    const { pipe, sent } = createPipe(true);
    for (const part of ["a", "b", "c"]) void pipe.write("stdout", bytes(part));
    expect(sent).toEqual(["stdout:a"]);
    pipe.pause();
    void pipe.write("stdout", bytes("d"));
    expect(sent).toEqual(["stdout:a", "stdout:bc", "stdout:d"]);
  });

  it("keeps the order between the streams", () => {
    const { pipe, sent } = createPipe(true);
    for (const part of ["1", "2", "3"]) {
      void pipe.write("stdout", bytes(part));
      void pipe.write("stderr", bytes(part));
    }
    pipe.flush();
    expect(sent).toEqual(["stdout:1", "stderr:1", "stdout:2", "stderr:2", "stdout:3", "stderr:3"]);
  });

  it("sends every write at once for a guest that is never paused", () => {
    const { pipe, sent } = createPipe(false);
    for (const part of ["a", "b"]) void pipe.write("stdout", bytes(part));
    expect(sent).toEqual(["stdout:a", "stdout:b"]);
  });

  it("makes writes wait beyond the window, until enough was delivered", async () => {
    const { pipe } = createPipe(true);
    const large = new Uint8Array(200 * 1024);
    expect(pipe.write("stdout", large)).toBeUndefined();
    let went = false;
    const waiting = Promise.resolve(pipe.write("stdout", large)).then(() => (went = true));
    pipe.credit(100 * 1024);
    await Promise.resolve();
    expect(went).toBe(false);
    pipe.credit(100 * 1024);
    await waiting;
    expect(went).toBe(true);
  });

  it("sends no more than the chunk, whatever buffer it lies in", () => {
    const chunks: Uint8Array[] = [];
    const pipe = new OutputPipe((_stream, chunk) => void chunks.push(chunk), false);
    void pipe.write("stdout", new Uint8Array(1024).subarray(10, 20));
    expect(chunks[0]?.buffer.byteLength).toBe(10);
  });
});

describe("OutputDelivery", () => {
  it("delivers one chunk at a time, in order, and owns up to what was taken", async () => {
    const got: number[] = [];
    const credits: number[] = [];
    let under = 0;
    const delivery = new OutputDelivery(
      {
        async write(_stream, chunk) {
          expect(++under).toBe(1);
          await Promise.resolve();
          under--;
          got.push(chunk[0] ?? -1);
        },
      },
      (taken) => void credits.push(taken),
    );
    for (let index = 0; index < 5; index++) delivery.push("stdout", new Uint8Array(32 * 1024).fill(index));
    await delivery.finished();
    expect(got).toEqual([0, 1, 2, 3, 4]);
    expect(credits).toEqual([64 * 1024, 64 * 1024]);
  });

  it("loses what a write throws on, and only that", async () => {
    const got: string[] = [];
    const delivery = new OutputDelivery(
      {
        write(_stream, chunk) {
          if (text(chunk) === "bad") throw new Error("disk full");
          if (text(chunk) === "worse") return Promise.reject(new Error("disk full"));
          got.push(text(chunk));
          return undefined;
        },
      },
      () => undefined,
    );
    for (const part of ["a", "bad", "b", "worse", "c"]) delivery.push("stdout", bytes(part));
    await delivery.finished();
    expect(got).toEqual(["a", "b", "c"]);
  });
});

describe("standard input", () => {
  const createPair = (source: AsyncIterable<Uint8Array> | undefined) => {
    const remote: RemoteStdin = new RemoteStdin(() => feed.pull());
    const feed: StdinFeed = new StdinFeed(source, (chunk) => remote.push(chunk));
    return { remote, feed };
  };

  it("is pulled only when the guest reads, and handed out in the sizes it asks for", async () => {
    let pulled = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      pulled++;
      yield bytes("hello");
      pulled++;
      yield bytes("");
      yield bytes("!");
    }
    const { remote } = createPair(source());
    expect(pulled).toBe(0);
    expect(text(await remote.read(2))).toBe("he");
    expect(pulled).toBe(1);
    expect(text(await remote.read(10))).toBe("llo");
    expect(text(await remote.read(10))).toBe("!");
    expect((await remote.read(10)).length).toBe(0);
    expect((await remote.read(10)).length).toBe(0);
  });

  it("ends when its source fails, and tells the source when the guest is gone", async () => {
    let returned = false;
    const failing: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error("gone")),
        return: () => {
          returned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const { remote, feed } = createPair(failing);
    expect((await remote.read(1)).length).toBe(0);
    feed.close();
    feed.close();
    expect(returned).toBe(true);
  });
});
