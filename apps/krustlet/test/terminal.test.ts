import type { ContainerOutput } from "@krustlet/kubelet";
import { describe, expect, it } from "vitest";

import type { ByteSink } from "../src/cli-host.ts";
import { stopRequests } from "../src/stop-requests.ts";
import { LineSplitter } from "../src/terminal/line-splitter.ts";
import { jsonOutput, prefixedOutput, rawOutput } from "../src/terminal/output.ts";
import { hasColors } from "../src/terminal/palette.ts";
import { bytesText, pullPrinter } from "../src/terminal/pull-progress.ts";
import { openHost } from "./fake-host.ts";

interface Sink extends ByteSink {
  text: string;
}

function sinkOf(isTTY = false): Sink {
  const sink: Sink = {
    text: "",
    isTTY,
    columns: () => 60,
    rows: () => 5,
    write: (bytes) => {
      sink.text += typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1");
      return Promise.resolve();
    },
    failed: new Promise<Error>(() => undefined),
  };
  return sink;
}

const said = (
  container: string,
  text: string | Uint8Array,
  stream: "stdout" | "stderr" = "stdout",
): ContainerOutput => ({
  pod: { namespace: "default", name: "pod", uid: "1" },
  container,
  stream,
  chunk: typeof text === "string" ? Buffer.from(text) : text,
});

describe("output", () => {
  it("of one container is its bytes, whatever they are", async () => {
    const [stdout, stderr] = [sinkOf(), sinkOf()];
    const printer = rawOutput({ stdout, stderr });
    await printer.print(said("c", Uint8Array.of(0, 255, 10, 128)));
    await printer.print(said("c", "oops", "stderr"));
    expect([stdout.text, stderr.text]).toStrictEqual(["\u0000\u00ff\n\u0080", "oops"]);
  });

  it("of several never mixes two lines, and ends a line that its container did not", async () => {
    const [stdout, stderr] = [sinkOf(), sinkOf()];
    const printer = prefixedOutput({ stdout, stderr }, { withPod: false, colors: false });
    await printer.print(said("a", "one, "));
    await printer.print(said("b", "other\n"));
    await printer.print(said("a", "two\nthree"));
    await printer.end("pod", "a");
    expect(stdout.text).toBe("[b] other\n[a] one, two\n[a] three\n");
  });

  it("of several pods names the pod too, in a colour for each container", async () => {
    const stdout = sinkOf(true);
    const printer = prefixedOutput({ stdout, stderr: stdout }, { withPod: true, colors: true });
    await printer.print(said("a", "x\n"));
    await printer.print(said("b", "y\n"));
    expect(stdout.text).toBe("\u001b[36m[pod/a] \u001b[0mx\n\u001b[33m[pod/b] \u001b[0my\n");
  });

  it("as JSON is an object for each line", async () => {
    const stdout = sinkOf();
    const printer = jsonOutput(stdout, () => new Date(0));
    await printer.print(said("a", 'say "x"\n\n'));
    const documents = stdout.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    const common = {
      type: "log",
      time: "1970-01-01T00:00:00.000Z",
      pod: "pod",
      container: "a",
      stream: "stdout",
    };
    expect(documents).toStrictEqual([
      { ...common, log: 'say "x"' },
      { ...common, log: "" },
    ]);
  });

  it("without line ends is passed on in pieces, not collected", () => {
    const splitter = new LineSplitter();
    const pieces = Array.from({ length: 20 }, () => splitter.push(Buffer.alloc(10_000, "x"))).flat();
    expect(pieces.reduce((sum, piece) => sum + piece.length, 0) + splitter.end().length).toBe(200_000);
    expect(pieces.length).toBeGreaterThan(0);
  });

  it("without line ends is not cut within a letter", () => {
    for (const letter of ["é", "字", "😀"]) {
      for (let before = 0; before < 5; before += 1) {
        const text = `${"x".repeat(before)}${letter.repeat(40_000)}`;
        const bytes = Buffer.from(text);
        const splitter = new LineSplitter();
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += 70_000)
          pieces.push(...splitter.push(bytes.subarray(at, at + 70_000)));
        pieces.push(splitter.end());
        expect(pieces.map((piece) => Buffer.from(piece).toString()).join("")).toBe(text);
      }
    }
    const binary = new LineSplitter().push(Buffer.alloc(70_000, 0x80));
    expect(binary.reduce((sum, piece) => sum + piece.length, 0)).toBe(70_000);
  });

  it("has colours on a terminal only, and not where NO_COLOR asks for none", () => {
    expect(hasColors(sinkOf(true), {})).toBe(true);
    expect(hasColors(sinkOf(false), {})).toBe(false);
    expect(hasColors(sinkOf(true), { NO_COLOR: "1" })).toBe(false);
    expect(hasColors(sinkOf(true), { TERM: "dumb" })).toBe(false);
  });
});

describe("progress of a pull", () => {
  const progress = { reference: "r/x:v1", digest: `sha256:${"a".repeat(64)}`, total: 2_000_000 };

  it("is a few lines where there is no terminal", async () => {
    const sink = sinkOf();
    const printer = pullPrinter({ stderr: sink, env: {} }, () => 0);
    for (const current of [0, 1_000_000, 2_000_000])
      printer.show({ ...progress, current, state: "downloading" });
    printer.show({ ...progress, current: 2_000_000, state: "done" });
    await printer.finish();
    expect(sink.text).toBe("r/x:v1: pulling aaaaaaaaaaaa (2.00 MB)\nr/x:v1: aaaaaaaaaaaa is complete\n");
  });

  it("is a bar that moves on a terminal, and is gone at the end", async () => {
    const sink = sinkOf(true);
    let now = 0;
    const printer = pullPrinter({ stderr: sink, env: {} }, () => (now += 100));
    for (const current of [0, 1_000_000]) printer.show({ ...progress, current, state: "downloading" });
    expect(sink.text).toContain("aaaaaaaaaaaa: [============>           ] 1.00 MB/2.00 MB");
    expect(sink.text).toContain("\r\u001b[1A\u001b[J");
    sink.text = "";
    await printer.finish();
    await printer.finish();
    expect(sink.text).toBe("\r\u001b[1A\u001b[J");
  });

  it("has no more bars than there are lines: what is done makes room for what is not", () => {
    const sink = sinkOf(true);
    const printer = pullPrinter({ stderr: sink, env: {} }, () => 0);
    printer.show({ ...progress, digest: "", current: 0, state: "resolving" });
    expect(sink.text).toBe("r/x:v1: resolving\n");
    for (let layer = 1; layer <= 6; layer += 1) {
      sink.text = "";
      const digest = `sha256:${String(layer).repeat(64)}`;
      printer.show({ ...progress, digest, current: 1, state: layer % 2 === 0 ? "downloading" : "done" });
    }
    expect(sink.text).toBe(
      [
        "\r\u001b[3A\u001b[J222222222222: [>                       ] 1 B/2.00 MB",
        "444444444444: [>                       ] 1 B/2.00 MB",
        "666666666666: [>                       ] 1 B/2.00 MB\n",
      ].join("\n"),
    );
  });

  it("is lines on a terminal that can replace nothing", async () => {
    const sink = sinkOf(true);
    const printer = pullPrinter({ stderr: sink, env: { TERM: "dumb" } }, () => 0);
    printer.show({ ...progress, current: 0, state: "downloading" });
    await printer.finish();
    expect(sink.text).toBe("r/x:v1: pulling aaaaaaaaaaaa (2.00 MB)\n");
  });

  it("tells why it tries again", async () => {
    const sink = sinkOf();
    const printer = pullPrinter({ stderr: sink, env: {} }, () => 0);
    printer.show({ ...progress, current: 0, state: "retrying", message: "503, again in 2 s" });
    printer.show({ ...progress, current: 0, state: "retrying", message: "r/x:v1: r answered 500" });
    await printer.finish();
    expect(sink.text).toBe("r/x:v1: 503, again in 2 s\nr/x:v1: r answered 500\n");
  });

  it("counts bytes as people do", () => {
    expect([0, 999, 1000, 1_500_000, 12_345_678_901].map((bytes) => bytesText(bytes))).toStrictEqual([
      "0 B",
      "999 B",
      "1.00 kB",
      "1.50 MB",
      "12.3 GB",
    ]);
  });
});

it("output that is lost stops, and the signal that comes with it does not kill", async () => {
  await using host = await openHost();
  const log: string[] = [];
  using requests = stopRequests(host, { stop: () => log.push("stop"), kill: () => log.push("kill") });
  host.failStdout(Object.assign(new Error("write EIO"), { code: "EIO" }));
  await host.stdout.failed;
  host.interrupt();
  expect(log).toStrictEqual(["stop"]);
  expect(requests.failure?.message).toBe("standard output cannot be written: write EIO");
  host.interrupt();
  expect(log).toStrictEqual(["stop", "kill"]);
});

it("the first Ctrl-C stops, every further one kills, and none counts afterwards", async () => {
  await using host = await openHost();
  const log: string[] = [];
  const requests = stopRequests(host, { stop: () => log.push("stop"), kill: () => log.push("kill") });
  host.interrupt();
  host.interrupt();
  host.interrupt();
  requests[Symbol.dispose]();
  host.interrupt();
  expect(log).toStrictEqual(["stop", "kill", "kill"]);
});
