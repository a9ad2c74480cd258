import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { compileGuest } from "@krustlet/testkit";
import { beforeAll, describe, expect, it, vi } from "vitest";

import { openHost } from "./fake-host.ts";

// Each of them starts threads; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000 });

let probe = "";
beforeAll(async () => {
  probe = (await compileGuest("probe")).path;
}, 120_000);

/** A manifest of one Pod, as JSON. */
function manifestOf(
  containers: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[],
  name = "pod",
  spec: object = {},
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      restartPolicy: "Never",
      ...spec,
      containers: containers.map((each) => ({ image: probe, ...each })),
    },
  });
}

describe("a single container", () => {
  it("has the terminal to itself, byte for byte, and its exit code is the command's", async () => {
    await using host = await openHost();
    expect(await host.run("run", "-e", "GREETING", probe, "--", "hello", "$(X)", "$$")).toBe(0);
    expect(host.printed.stdout).toMatch(/^hello: \[probe[^\]]*\.wasm\] \[hello\] \[\$\(X\)\] \[\$\$\]\n$/);
    expect(host.printed.stderr).toBe("to stderr\n");
    expect(await host.run("run", probe, "--", "exit", "42")).toBe(42);
  });

  it("reads the command's standard input", async () => {
    await using host = await openHost({ stdin: "no newline at the end" });
    expect(await host.run("run", probe, "--", "cat")).toBe(0);
    expect(host.printed.stdout).toBe("no newline at the end");
  });

  it("sees the volumes it is given, read-only where that is said", async () => {
    await using host = await openHost();
    await mkdir(join(host.directory, "data"));
    expect(await host.run("run", "-v", "data:/d", probe, "--", "write", "/d/f", "text")).toBe(0);
    expect(await readFile(join(host.directory, "data", "f"), "utf8")).toBe("text");
    expect(await host.run("run", "-v", "data:/d:ro", probe, "--", "write", "/d/f", "more")).toBe(1);
    expect(await host.run("run", "-v", "data:/", probe, "--", "read", "/f")).toBe(0);
    expect(host.printed.stdout).toContain("text");
    expect(await readFile(join(host.directory, "data", "f"), "utf8")).toBe("text");
  });

  it("gets the variables of files and options, the later ones winning", async () => {
    await using host = await openHost();
    await writeFile(join(host.directory, "env"), "# a comment\nGREETING=from the file\n\nOTHER\n");
    expect(await host.run("run", "--env-file", "env", probe, "--", "hello")).toBe(0);
    expect(await host.run("run", "--env-file", "env", "-e", "GREETING=$(A)", probe, "--", "hello")).toBe(0);
    expect(host.printed.stdout).toMatch(/^from the file: .*\n\$\(A\): /);
  });

  it("ends a trap with 134, the backtrace on stderr", async () => {
    await using host = await openHost();
    expect(await host.run("run", probe, "--", "trap")).toBe(134);
    expect(host.printed.stderr).toMatch(/divide/);
  });

  it("is told why its pod has ended when its deadline is over", async () => {
    await using host = await openHost();
    const manifest = manifestOf([{ name: "main", args: ["sleep", "60000"] }], "late", {
      activeDeadlineSeconds: 1,
    });
    await writeFile(join(host.directory, "pod.json"), manifest);
    const code = await host.run("run", "--verbose", "pod.json");
    expect(host.printed.stderr).toMatch(
      /Z late: DeadlineExceeded: Pod was active on the node longer than the specified deadline$/mu,
    );
    // On a machine that is busy the second may be over before the guest has begun: then nobody was asked to stop.
    const began = host.printed.stderr.includes("Started: Container started");
    expect(code).toBe(began ? 143 : 137);
  });

  it("is told how long a back-off is, and with --verbose when each thing happened", async () => {
    await using host = await openHost();
    const manifest = manifestOf([{ name: "main", args: ["exit", "1"] }], "again", {
      restartPolicy: "OnFailure",
    });
    await writeFile(join(host.directory, "pod.json"), manifest);
    const running = host.run("run", "--verbose", "pod.json");
    await host.prints("BackOff");
    host.interrupt();
    await running;
    const time = "\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z";
    expect(host.printed.stderr).toMatch(
      new RegExp(`^krustlet: ${time} again/main: Started: Container started$`, "mu"),
    );
    expect(host.printed.stderr).toMatch(
      /Z again\/main: BackOff: back-off 10s restarting failed container=main pod=again_default\(.+\)$/mu,
    );
  });

  it("leaves nothing of its pod behind", async () => {
    await using host = await openHost();
    await host.run("run", probe, "--", "hello");
    expect(await readdir(join(host.directory, "root", "pods"))).toStrictEqual([]);
    expect(await readdir(join(host.directory, "root", "logs", "pods"))).toStrictEqual([]);
  });
});

describe("several containers", () => {
  it("have each line behind their name, and a line without its end too", async () => {
    await using host = await openHost();
    await writeFile(
      join(host.directory, "pod.json"),
      manifestOf([
        { name: "one", args: ["hello"] },
        { name: "two", args: ["hello"] },
      ]),
    );
    expect(await host.run("run", "pod.json")).toBe(0);
    expect(host.printed.stdout.trimEnd().split("\n").toSorted()).toStrictEqual([
      expect.stringMatching(/^\[one\] \(unset\): /),
      expect.stringMatching(/^\[two\] \(unset\): /),
    ]);
    expect(host.printed.stderr).toContain("[one] to stderr\n");
  });

  it("exit with the code of the one that failed", async () => {
    await using host = await openHost();
    await writeFile(
      join(host.directory, "pod.json"),
      manifestOf([
        { name: "good", args: ["hello"] },
        { name: "bad", args: ["exit", "9"] },
      ]),
    );
    expect(await host.run("run", "pod.json")).toBe(9);
  });

  it("get the command's variables on top of their own", async () => {
    await using host = await openHost();
    const env = [{ name: "GREETING", value: "manifest" }];
    await writeFile(join(host.directory, "pod.json"), manifestOf([{ name: "a", args: ["hello"], env }]));
    await host.run("run", "pod.json");
    await host.run("run", "-e", "GREETING=command", "pod.json");
    expect(host.printed.stdout).toMatch(/^manifest: .*\ncommand: /);
  });

  it("are objects, one a line, with --output json", async () => {
    await using host = await openHost();
    await writeFile(join(host.directory, "pod.json"), manifestOf([{ name: "a", args: ["exit", "3"] }]));
    expect(await host.run("run", "--output", "json", "pod.json")).toBe(3);
    const documents = host.printed.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; reason?: string });
    expect(new Set(documents.map(({ type }) => type))).toStrictEqual(new Set(["event", "status"]));
    expect(documents.flatMap(({ type, reason }) => (type === "event" ? [reason] : []))).toContain("Started");
    expect(documents.at(-1)).toMatchObject({
      type: "status",
      phase: "Failed",
      containers: [{ name: "a", state: { terminated: { exitCode: 3 } } }],
    });
  });
});

describe("Ctrl-C", () => {
  it("stops gracefully a guest that reads its signals", async () => {
    await using host = await openHost();
    const running = host.run("run", probe, "--", "signals");
    await host.prints("waiting");
    host.interrupt();
    expect(await running).toBe(42);
    expect(host.printed.stdout).toContain("got TERM");
  });

  it("ends any other with 143", async () => {
    await using host = await openHost();
    const running = host.run("run", probe, "--", "spin");
    await host.prints("spinning");
    host.interrupt();
    expect(await running).toBe(143);
  });
});

describe("output that nobody takes", () => {
  it("stops the guest quietly when its reader has seen enough", async () => {
    await using host = await openHost();
    const running = host.run("run", probe, "--", "spin");
    await host.prints("spinning");
    host.failStdout(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(await running).toBe(143);
    expect(host.printed.stderr).toBe("");
  });

  it("is told where it is a loss", async () => {
    await using host = await openHost();
    const running = host.run("run", probe, "--", "spin");
    await host.prints("spinning");
    host.failStdout(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }));
    expect(await running).toBe(125);
    expect(host.printed.stderr).toMatch(/^krustlet: standard output cannot be written: .*no space/);
  });
});

describe("--watch", () => {
  it("runs what is there, follows changes, keeps what runs when a manifest breaks, and stops", async () => {
    await using host = await openHost();
    const manifests = join(host.directory, "manifests");
    await mkdir(manifests);
    const write = async (name: string, text: string): Promise<void> => {
      await writeFile(join(manifests, ".next"), text);
      await rename(join(manifests, ".next"), join(manifests, name));
    };
    const spinner = (greeting: string): string =>
      manifestOf([{ name: "c", args: ["hello"], env: [{ name: "GREETING", value: greeting }] }], "a", {});
    await write("a.json", spinner("first"));
    const running = host.run("run", "--watch", "manifests");
    await host.prints("[a/c] first: ");
    await write("a.json", spinner("second"));
    await host.prints("[a/c] second: ");
    await write("b.json", manifestOf([{ name: "c", args: ["spin"] }], "b"));
    await host.prints("[b/c] spinning");
    await write("b.json", "{ not a manifest");
    await host.prints("b.json");
    await write("bad.json", manifestOf([{ name: "c", image: "/nowhere.wasm" }], "bad"));
    await host.prints("/nowhere.wasm cannot be read");
    host.interrupt();
    expect(await running).toBe(0);
    expect(await readdir(join(host.directory, "root", "pods"))).toStrictEqual([]);
  });
});
