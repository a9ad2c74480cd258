import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { demo, interrupt, krustlet, start, temporaryDirectory } from "./krustlet.ts";
import { fetchText, freePort } from "./loopback.ts";

const linesOf = (text: string): string[] => text.trimEnd().split("\n");

const hello = (language: string, pod: string): string[] => [
  `Hello from ${language}!`,
  "argument 1: one",
  "argument 2: two words",
  `HELLO_POD=${pod}`,
  "standard input: a line of input",
  "/etc/hello/greeting.txt: Good morning!",
];

describe("the demo hello", () => {
  const languages = [
    { language: "AssemblyScript", manifest: "pod.yaml", pod: "hello" },
    { language: "C", manifest: "c.yaml", pod: "hello-c" },
    { language: "Go", manifest: "go.yaml", pod: "hello-go" },
    { language: "Rust", manifest: "rust.yaml", pod: "hello-rust" },
  ];
  for (const { language, manifest, pod } of languages) {
    it(`gets its arguments, environment, input and files in ${language}`, async () => {
      const result = await krustlet(["run", demo("hello", manifest)], { stdin: "a line of input\n" });
      expect(linesOf(result.stdout)).toStrictEqual(hello(language, pod));
      expect(linesOf(result.stderr)).toContain("and this line is on the error stream");
      expect(result.code).toBe(0);
    });
  }
});

describe("the other demos", () => {
  it("config-map-reader finds ConfigMap and Secret in environment and files", async () => {
    const result = await krustlet(["run", demo("config-map-reader", "pod.yaml")]);
    expect(linesOf(result.stdout)).toStrictEqual([
      "POD_NAME=config-map-reader",
      "COLOUR=green",
      "SENTENCE=the pod config-map-reader is green",
      "APP_shape=round",
      "/config/verse.txt: The rain in the kettle sings.",
      "/config/renamed.txt: round",
      "/secret/password: open sesame",
    ]);
    expect(result.code).toBe(0);
  });

  it("shared-volume carries files from one running container to another", async () => {
    const result = await krustlet(["run", demo("shared-volume", "pod.yaml")]);
    const received = linesOf(result.stdout).filter((line) => line.includes("reader"));
    expect(received.map((line) => line.replace(/^.*?reader\S*\s+(\|\s+)?/, ""))).toStrictEqual([
      "received: Greetings from Lisbon!",
      "received: Greetings from Trieste!",
      "received: Greetings from Tromsø!",
      "no more post, 3 cards",
    ]);
    expect(result.code).toBe(0);
  });

  it("init-chain runs its init containers one after the other, before the container", async () => {
    const result = await krustlet(["run", demo("init-chain", "pod.yaml")]);
    expect(result.stdout).toContain("before me came: first, second, third");
    expect(result.code).toBe(0);
  });

  it("restart-backoff starts a failing container again until it succeeds", async () => {
    const result = await krustlet(["run", demo("restart-backoff", "pod.yaml")]);
    expect(result.stdout + result.stderr).toMatch(
      /attempt 1 of 3 fails[^]*attempt 2 of 3 fails[^]*attempt 3 succeeds|attempt 3 succeeds[^]*attempt 1 of 3 fails[^]*attempt 2 of 3 fails/,
    );
    expect(result.code).toBe(0);
  });

  it("exerciser does what its arguments say", async () => {
    const result = await krustlet(["run", demo("exerciser", "pod.yaml")]);
    expect(result.stdout).toContain("slats");
    expect(result.code).toBe(0);
  });

  it("server answers on its host port and stops when it is asked to", async () => {
    await using directory = await temporaryDirectory();
    const port = await freePort();
    const manifest = join(directory.path, "pod.yaml");
    const text = readFileSync(demo("server", "pod.yaml"), "utf8")
      .replace("hostPort: 8080", `hostPort: ${port}`)
      .replace("./build/server.wasm", demo("server", "build", "server.wasm"));
    writeFileSync(manifest, text);
    await using command = await start(["run", manifest]);
    await command.prints("serving");
    expect(await fetchText(port)).toBe("Hello, you are visitor 1 of a WebAssembly module.\n");
    expect(await fetchText(port)).toBe("Hello, you are visitor 2 of a WebAssembly module.\n");
    interrupt(command);
    const result = await command.finished;
    expect(result.stdout).toContain("asked to stop; goodbye");
    expect(result.code).toBe(0);
  });
});

describe("the demo graceful-stop", () => {
  const languages = [
    { language: "C", manifest: "pod.yaml" },
    { language: "Go", manifest: "go.yaml" },
  ];
  for (const { language, manifest } of languages) {
    it(`reads TERM and puts its things away in ${language}`, async () => {
      await using command = await start(["run", demo("graceful-stop", manifest)]);
      await command.prints("working");
      interrupt(command);
      const result = await command.finished;
      expect(linesOf(result.stdout)).toStrictEqual(["working", "received TERM", "everything is put away"]);
      expect(result.code).toBe(0);
    });
  }
});
