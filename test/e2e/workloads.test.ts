import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { describe, expect, it } from "vitest";
import { guest } from "./compile-guests.ts";
import { demo, interrupt, krustlet, start, temporaryDirectory } from "./krustlet.ts";
import { fetchText, freePort } from "./loopback.ts";
import { podManifest } from "./manifest.ts";

const exerciser = demo("exerciser", "build", "exerciser.wasm");
const say = (text: string): string => `write(lit:${text})to(stm:stdout)`;

describe("what makes Pods", () => {
  for (const [kind, apiVersion, spec] of [
    ["Job", "batch/v1", {}],
    ["Deployment", "apps/v1", { replicas: 1, selector: { matchLabels: { app: "a" } } }],
  ] as const) {
    it(`a ${kind}'s template is run`, async () => {
      const workload = {
        apiVersion,
        kind,
        metadata: { name: "work" },
        spec: {
          ...spec,
          template: {
            metadata: { labels: { app: "a" } },
            spec: {
              restartPolicy: kind === "Job" ? "Never" : "Always",
              containers: [{ name: "main", image: exerciser, args: [say("done by a template\n")] }],
            },
          },
        },
      };
      await using command = await start(["run", "-"], { stdin: stringify(workload) });
      await command.prints("done by a template");
      if (kind === "Deployment") interrupt(command);
      expect((await command.finished).stdout).toContain("done by a template");
    });
  }
});

describe("volumes", () => {
  it("of a claim persist from one run to the next", async () => {
    await using home = await temporaryDirectory();
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "kept" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
    };
    const run = (...args: string[]): ReturnType<typeof krustlet> =>
      krustlet(["run", "-"], {
        home: home.path,
        stdin: podManifest(
          [{ name: "main", image: exerciser, args, volumeMounts: [{ name: "v", mountPath: "/v" }] }],
          { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "kept" } }] },
          claim,
        ),
      });
    expect(await run("write(lit:remembered)to(file:/v/note)")).toMatchObject({ code: 0, stderr: "" });
    expect(await run("write(file:/v/note)to(stm:stdout)")).toMatchObject({ code: 0, stdout: "remembered" });
  });

  it("of an emptyDir do not", async () => {
    await using home = await temporaryDirectory();
    const manifest = podManifest(
      [
        {
          name: "main",
          image: exerciser,
          args: ["assert_not_exists(file:/v/note)", "write(lit:x)to(file:/v/note)"],
          volumeMounts: [{ name: "v", mountPath: "/v" }],
        },
      ],
      { volumes: [{ name: "v", emptyDir: {} }] },
    );
    for (let i = 0; i < 2; i++) {
      const result = await krustlet(["run", "-"], { home: home.path, stdin: manifest });
      expect(result).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("of every kind hold what the manifest says, and read-only ones cannot be written", async () => {
    const mount = (name: string, more: object = {}): object => ({ name, mountPath: `/${name}`, ...more });
    const args = [
      'assert_value(file:/down/labels)is(lit:app="e2e")',
      "assert_value(file:/all/from-map)is(lit:map)",
      "assert_value(file:/all/from-secret)is(lit:secret)",
      "assert_value(file:/all/name)is(lit:test)",
      "assert_value(file:/one.txt)is(lit:map)",
      "write(lit:x)to(file:/memory/x)",
      "write(lit:x)to(file:/all/from-map)",
    ];
    const manifest = podManifest(
      [
        {
          name: "main",
          image: exerciser,
          args,
          volumeMounts: [
            mount("down"),
            mount("all"),
            mount("memory"),
            { name: "map", mountPath: "/one.txt", subPath: "key" },
          ],
        },
      ],
      {
        volumes: [
          {
            name: "down",
            downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] },
          },
          {
            name: "all",
            projected: {
              sources: [
                { configMap: { name: "m", items: [{ key: "key", path: "from-map" }] } },
                { secret: { name: "s", items: [{ key: "key", path: "from-secret" }] } },
                { downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
              ],
            },
          },
          { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
          { name: "map", configMap: { name: "m" } },
        ],
      },
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { key: "map" } },
      { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { key: "secret" } },
    ).replace("name: test\n", "name: test\n  labels: { app: e2e }\n");
    const result = await krustlet(["run", "-"], { stdin: manifest });
    expect(result.stderr).toMatch(/^ERR: cannot write file:\/all\/from-map: \w+\n$/);
    expect(result.code).toBe(1);
  });
});

describe("the runtime wasmer", () => {
  it("runs a module with arguments, environment, input and files", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "greeting.txt"), "by wasmer");
    const result = await krustlet(
      [
        "run",
        "--runtime",
        "wasmer",
        "-e",
        "HELLO_A=b",
        "-v",
        `${directory.path}:/etc/hello`,
        demo("hello", "build", "hello.wasm"),
        "--",
        "one",
      ],
      { stdin: "in\n" },
    );
    expect(result.stdout).toBe(
      "Hello from AssemblyScript!\nargument 1: one\nHELLO_A=b\nstandard input: in\n/etc/hello/greeting.txt: by wasmer\n",
    );
    expect(result.code).toBe(0);
  });

  it("is chosen by runtimeClassName, and another name is refused", async () => {
    const manifest = (name: string): string =>
      podManifest([{ name: "main", image: exerciser, args: ["exit(7)"] }], { runtimeClassName: name });
    expect((await krustlet(["run", "-"], { stdin: manifest("wasmer") })).code).toBe(7);
    const refused = await krustlet(["run", "-"], { stdin: manifest("gvisor") });
    expect(refused.stderr).toContain("gvisor");
    expect(refused.code).not.toBe(0);
  });
});

describe("what krustlet keeps on disk", () => {
  it("of a module that was killed goes when the next one runs, its logs too", async () => {
    await using home = await temporaryDirectory();
    const run = ["run", exerciser, "--", say("up"), "sleep(60000)"];
    const left = async (): Promise<readonly string[]> =>
      (await Promise.all(["pods", "logs/pods"].map((each) => readdir(join(home.path, "root", each))))).flat();
    {
      await using command = await start(run, { home: home.path });
      await command.prints("up");
      command.child.kill("SIGKILL");
      await command.finished;
    }
    const killed = await left();
    expect(killed).toHaveLength(3);
    await using command = await start(run, { home: home.path });
    await command.prints("up");
    await expect.poll(left).toHaveLength(3);
    const now = await left();
    expect(now.filter((each) => killed.includes(each))).toStrictEqual([]);
    interrupt(command);
    expect(await command.finished).toMatchObject({ code: 143 });
    expect(await left()).toStrictEqual([]);
  });

  it("survives a kill in the middle of a pod", async () => {
    await using home = await temporaryDirectory();
    const manifest = podManifest(
      [
        {
          name: "main",
          image: exerciser,
          args: [say("up"), "sleep(60000)"],
          volumeMounts: [{ name: "v", mountPath: "/v" }],
        },
      ],
      { volumes: [{ name: "v", emptyDir: { medium: "Memory" } }] },
    );
    const podsLeft = async (): Promise<readonly string[]> =>
      (await readdir(join(home.path, "root/pods"))).filter((name) => !name.endsWith(".owner"));
    {
      await using command = await start(["run", "-"], { home: home.path, stdin: manifest });
      await command.prints("up");
      command.child.kill("SIGKILL");
      await command.finished;
    }
    const [killed] = await podsLeft();
    {
      await using command = await start(["run", "-"], { home: home.path, stdin: manifest });
      await command.prints("up");
      // What the killed one left is removed meanwhile; what this one has is not.
      await expect.poll(podsLeft).toHaveLength(1);
      expect(await podsLeft()).not.toContain(killed);
      interrupt(command);
      expect(await command.finished).toMatchObject({ code: 143 });
      expect(await podsLeft()).toStrictEqual([]);
    }
    const result = await krustlet(["run", exerciser, "--", say("fine")], { home: home.path });
    expect(result).toMatchObject({ code: 0, stdout: "fine", stderr: "" });
  });

  it("serves several krustlets at once", async () => {
    await using home = await temporaryDirectory();
    const results = await Promise.all(
      Array.from({ length: 4 }, (_, i) =>
        krustlet(["run", exerciser, "--", say(`number ${i}`)], { home: home.path }),
      ),
    );
    expect(results.map(({ stdout }) => stdout)).toStrictEqual([
      "number 0",
      "number 1",
      "number 2",
      "number 3",
    ]);
  });

  it("is nothing of a pod that has ended", async () => {
    await using home = await temporaryDirectory();
    await krustlet(["run", demo("shared-volume", "pod.yaml")], { home: home.path });
    const left = await readdir(join(home.path, "root", "pods")).catch(() => []);
    expect(left).toStrictEqual([]);
  });
});

describe("krustlet run --watch", () => {
  it("runs a directory's manifests, and follows those that come, change and go", async () => {
    await using directory = await temporaryDirectory();
    const manifest = (name: string, text: string): string =>
      podManifest([{ name: "main", image: exerciser, args: [say(`${text}\n`), "sleep(60000)"] }]).replace(
        "name: test\n",
        `name: ${name}\n`,
      );
    await writeFile(join(directory.path, "a.yaml"), manifest("a", "a is up"));
    await using command = await start(["run", "--watch", directory.path]);
    await command.prints("a is up");
    await writeFile(join(directory.path, "b.yaml"), manifest("b", "b is up"));
    await command.prints("b is up");
    await writeFile(join(directory.path, "a.yaml"), manifest("a", "a has changed"));
    await command.prints("a has changed");
    await writeFile(join(directory.path, "broken.yaml"), "kind: [Pod");
    await command.prints("broken.yaml");
    await rm(join(directory.path, "b.yaml"));
    interrupt(command);
    const result = await command.finished;
    expect(result.signal).toBeNull();
  });
});

describe("options like docker's", () => {
  it("--publish passes a listening socket to a module", async () => {
    const port = await freePort();
    await using command = await start(["run", "-p", `${port}:8080`, demo("server", "build", "server.wasm")]);
    await command.prints("serving");
    expect(await fetchText(port)).toContain("you are visitor 1");
    interrupt(command);
    expect((await command.finished).code).toBe(0);
  });

  it("--publish reaches a module that opens its socket itself", async () => {
    const port = await freePort();
    await using command = await start(["run", "-p", `${port}:8080`, guest("listens")]);
    await command.prints("listening");
    expect(await fetchText(port)).toBe("hello");
    expect((await command.finished).code).toBe(0);
  });

  it.each(["on a shared thread", "on a thread of its own"])(
    "--publish serves many at once by Go's net/http, %s",
    async (where) => {
      const port = await freePort();
      const cpus = where === "on a shared thread" ? [] : ["--cpus", "1"];
      await using command = await start(["run", "-p", `${port}:8080`, ...cpus, guest("serves")]);
      await command.prints("serving");
      const paths = Array.from({ length: 20 }, (_, at) => `/${at}`);
      const answers = await Promise.all(paths.map((path) => fetchText(port, path)));
      expect(answers).toStrictEqual(paths.map((path) => `Go answers ${path}\n`));
      expect(await fetchText(port, "/stop")).toBe("Go answers /stop\n");
      expect((await command.finished).code).toBe(0);
    },
  );

  it("--memory limits a module, --restart starts it again", async () => {
    expect((await krustlet(["run", "-m", "16m", guest("memory")])).code).toBe(137);
    await using command = await start([
      "run",
      "--restart",
      "on-failure",
      exerciser,
      "--",
      say("again\n"),
      "exit(1)",
    ]);
    await command.prints("again\nagain\n");
    interrupt(command);
    interrupt(command);
    expect((await command.finished).stdout).toContain("again\nagain\n");
  });
});
