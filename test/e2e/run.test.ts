import { mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guest } from "./compile-guests.ts";
import { demo, interrupt, krustlet, start, temporaryDirectory } from "./krustlet.ts";
import { podManifest } from "./manifest.ts";

const exerciser = demo("exerciser", "build", "exerciser.wasm");
const hello = demo("hello", "build", "hello.wasm");

describe("krustlet run <module>", () => {
  it("passes arguments, environment and input, and keeps the two streams apart", async () => {
    const result = await krustlet(["run", "-e", "HELLO_A=b=c", "-e", "HELLO_B=", hello, "--", "x", "--y"], {
      stdin: "in\n",
    });
    expect(result.stdout.split("\n")).toStrictEqual([
      "Hello from AssemblyScript!",
      "argument 1: x",
      "argument 2: --y",
      "HELLO_A=b=c",
      "HELLO_B=",
      "standard input: in",
      "",
    ]);
    expect(result.stderr).toBe("and this line is on the error stream\n");
    expect(result.code).toBe(0);
  });

  it("keeps compiled code for the next start, in the user's cache, where only half of it does no harm", async () => {
    await using cache = await temporaryDirectory();
    const env = { XDG_CACHE_HOME: cache.path };
    const directory = join(cache.path, "krustlet", "code");
    expect((await krustlet(["run", exerciser, "--", "exit(3)"], { env })).code).toBe(3);
    const kept = await readdir(directory);
    expect(kept.map((name) => name.replace(/-[0-9a-f]{16}-.*/u, ""))).toStrictEqual([
      "main-run-module",
      "worker-guests",
    ]);
    expect((await krustlet(["run", exerciser, "--", "exit(4)"], { env })).code).toBe(4);
    for (const name of kept) await truncate(join(directory, name), 1000);
    expect((await krustlet(["run", exerciser, "--", "exit(5)"], { env })).code).toBe(5);
    const sizes = await Promise.all(kept.map((name) => stat(join(directory, name))));
    expect(Math.min(...sizes.map(({ size }) => size))).toBeGreaterThan(100_000);
  });

  it("exits with the guest's own code", async () => {
    const result = await krustlet(["run", exerciser, "--", "exit(42)"]);
    expect(result).toMatchObject({ code: 42, stdout: "" });
  });

  it("passes bytes through as they are", async () => {
    const odd = "no newline at the end, \t tabs, \r returns, \u0000 zeros, ünïcödé";
    const result = await krustlet(
      [
        "run",
        exerciser,
        "--",
        "read(stm:stdin)to(var:v)",
        "write(var:v)to(stm:stdout)",
        "write(var:v)to(stm:stderr)",
      ],
      { stdin: odd },
    );
    expect(result).toMatchObject({ code: 0, stdout: odd, stderr: odd });
  });

  it("shows a host directory to the guest, read-only where that is said", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "in.txt"), "from the host");
    const script = ["write(file:/d/in.txt)to(stm:stdout)", "write(lit:from the guest)to(file:/d/out.txt)"];
    const writable = await krustlet(["run", "-v", `${directory.path}:/d`, exerciser, "--", ...script]);
    expect(writable).toMatchObject({ code: 0, stdout: "from the host" });
    expect(await readFile(join(directory.path, "out.txt"), "utf8")).toBe("from the guest");
    await writeFile(join(directory.path, "out.txt"), "unchanged");
    const readOnly = await krustlet(["run", "-v", `${directory.path}:/d:ro`, exerciser, "--", ...script]);
    expect(readOnly).toMatchObject({ code: 1, stdout: "from the host" });
    expect(readOnly.stderr).toContain("cannot write file:/d/out.txt");
    expect(await readFile(join(directory.path, "out.txt"), "utf8")).toBe("unchanged");
  });

  it("shows a host directory as the guest's whole root", async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, "etc"));
    await writeFile(join(directory.path, "etc", "motd"), "a root of its own");
    const result = await krustlet([
      "run",
      "-v",
      `${directory.path}:/`,
      exerciser,
      "--",
      "write(file:/etc/motd)to(stm:stdout)",
      "assert_not_exists(file:/etc/passwd)",
    ]);
    expect(result).toMatchObject({ code: 0, stdout: "a root of its own" });
  });

  it("ends a trap with 134 and a backtrace that names the functions", async () => {
    const result = await krustlet(["run", guest("trap")]);
    expect(result.code).toBe(134);
    expect(result.stderr).toMatch(/innermost_function[^]*outer_function/);
    expect(result.stderr).not.toContain("node:internal");
  });

  it("names Rust's functions by their paths, where a panic came from", async () => {
    const result = await krustlet(["run", guest("panics")]);
    expect(result.code).toBe(134);
    expect(result.stderr).toContain("panicked at");
    expect(result.stderr).toMatch(/ core::panicking::panic_fmt [^]* panics::Shelf::outer [^]* panics::main /);
  });

  it("reads a manifest from its standard input, paths relative to the current directory", async () => {
    const manifest = podManifest([
      { name: "a", image: "./exerciser.wasm", args: ["write(lit:yes)to(stm:stdout)"] },
    ]);
    const result = await krustlet(["run", "-"], { stdin: manifest, cwd: demo("exerciser", "build") });
    expect(result).toMatchObject({ code: 0, stdout: "yes" });
  });

  it("prints the pod's status as JSON where that is asked for", async () => {
    const result = await krustlet(["run", "--output", "json", demo("init-chain", "pod.yaml")]);
    const documents: unknown[] = result.stdout
      .trim()
      .split(/\n(?=\{)/)
      .map((text) => JSON.parse(text) as unknown);
    expect(JSON.stringify(documents.at(-1))).toContain('"phase":"Succeeded"');
    expect(result.code).toBe(0);
  });
});

describe("several containers", () => {
  it("prefix each line with the container's name", async () => {
    await using directory = await temporaryDirectory();
    const manifest = join(directory.path, "pod.yaml");
    const say = (name: string): { name: string; image: string; args: string[] } => ({
      name,
      image: exerciser,
      args: [`write(lit:I am ${name}\n)to(stm:stdout)`],
    });
    await writeFile(manifest, podManifest([say("one"), say("two")]));
    const result = await krustlet(["run", manifest]);
    expect(result.stdout).toMatch(/^\S*one\S*\s.*I am one$/m);
    expect(result.stdout).toMatch(/^\S*two\S*\s.*I am two$/m);
    expect(result.code).toBe(0);
  });

  it("fail the pod when one of them fails", async () => {
    await using directory = await temporaryDirectory();
    const manifest = join(directory.path, "pod.yaml");
    await writeFile(
      manifest,
      podManifest([
        { name: "good", image: exerciser },
        { name: "bad", image: exerciser, args: ["exit(3)"] },
      ]),
    );
    expect((await krustlet(["run", manifest])).code).not.toBe(0);
  });

  it("are not started when an init container fails", async () => {
    await using directory = await temporaryDirectory();
    const manifest = join(directory.path, "pod.yaml");
    await writeFile(
      manifest,
      podManifest([{ name: "app", image: exerciser, args: ["write(lit:ran)to(stm:stdout)"] }], {
        initContainers: [
          { name: "breaks", image: exerciser, args: ["assert_exists(file:/nowhere)"] },
          { name: "never", image: exerciser, args: ["write(lit:ran)to(stm:stdout)"] },
        ],
      }),
    );
    const result = await krustlet(["run", manifest]);
    expect(result.code).toBe(1);
    expect(result.stdout).not.toContain("ran");
    expect(result.stderr).toContain("there is no file:/nowhere");
  });
});

describe("stopping", () => {
  it("ends a guest that does not ask for signals at once, with 143", async () => {
    await using command = await start([
      "run",
      exerciser,
      "--",
      "write(lit:ready)to(stm:stdout)",
      "sleep(60000)",
    ]);
    await command.prints("ready");
    interrupt(command);
    expect((await command.finished).code).toBe(143);
  });

  it("kills a guest that spins when Ctrl-C is pressed twice", async () => {
    await using command = await start(["run", guest("spin")]);
    await command.prints("spinning");
    interrupt(command);
    interrupt(command);
    expect([137, 143]).toContain((await command.finished).code);
  });
});

describe("the other commands", () => {
  it("inspect names a module's kind, digest, imports and exports", async () => {
    const result = await krustlet(["inspect", hello]);
    expect(result.stdout).toContain("sha256:");
    expect(result.stdout).toContain("wasi_snapshot_preview1");
    expect(result.stdout).toContain("_start");
    expect(result.code).toBe(0);
  });

  it("--help names every command", async () => {
    const result = await krustlet(["--help"]);
    for (const command of ["run", "images", "pull", "inspect"]) expect(result.stdout).toContain(command);
    expect(result.code).toBe(0);
  });
});
