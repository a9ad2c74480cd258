import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guest } from "./compile-guests.ts";
import { expectOneSentence } from "./expect-one-sentence.ts";
import { demo, krustlet } from "./krustlet.ts";
import { podManifest } from "./manifest.ts";
import type { Finished } from "./krustlet.ts";

let directory = "";
const exerciser = demo("exerciser", "build", "exerciser.wasm");

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-e2e-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function runManifest(name: string, text: string): Promise<Finished> {
  const path = join(directory, name);
  await writeFile(path, text);
  return krustlet(["run", path]);
}

const container = { name: "app", image: exerciser, args: ["write(lit:ran)to(stm:stdout)"] };
const mounted = (volume: object): string =>
  podManifest([{ ...container, volumeMounts: [{ name: "v", mountPath: "/v" }] }], {
    volumes: [{ name: "v", ...volume }],
  });

describe("a bad manifest", () => {
  it("that is no YAML is named with its line", async () => {
    const result = await runManifest(
      "broken.yaml",
      "apiVersion: v1\nkind: Pod\nspec: [unclosed\n  and: {worse\n",
    );
    expectOneSentence(result, "broken.yaml");
    expect(result.stderr).toMatch(/line|:\d+/);
  });

  it("that is not there", async () => {
    expectOneSentence(await krustlet(["run", join(directory, "absent.yaml")]), "absent.yaml");
  });

  it("with a field of the wrong type", async () => {
    const text = podManifest([{ ...container, args: 7 }]);
    expectOneSentence(await runManifest("type.yaml", text), "type.yaml", "args");
  });

  it("with an unknown field", async () => {
    const text = podManifest([{ ...container, imagePullPolcy: "Always" }]);
    expectOneSentence(await runManifest("field.yaml", text), "imagePullPolcy");
  });

  it("with an unknown kind of volume", async () => {
    expectOneSentence(await runManifest("volume.yaml", mounted({ floppyDisk: {} })), "floppyDisk");
  });

  it("that mounts a volume which it does not have", async () => {
    const text = podManifest([{ ...container, volumeMounts: [{ name: "nowhere", mountPath: "/v" }] }]);
    expectOneSentence(await runManifest("mount.yaml", text), "nowhere");
  });

  it("that names a ConfigMap which is not there", async () => {
    expectOneSentence(
      await runManifest("absent-map.yaml", mounted({ configMap: { name: "settings" } })),
      "settings",
    );
  });

  it("that names a key which its ConfigMap does not have", async () => {
    const text = podManifest(
      [
        {
          ...container,
          env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } }],
        },
      ],
      {},
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { shape: "round" } },
    );
    expectOneSentence(await runManifest("key.yaml", text), "settings", "colour");
  });

  for (const path of ["../escaped.txt", "/absolute.txt", "a/../../escaped.txt"]) {
    it(`whose volume puts a key at ${path}`, async () => {
      const text = podManifest(
        [{ ...container, volumeMounts: [{ name: "v", mountPath: "/v" }] }],
        { volumes: [{ name: "v", configMap: { name: "settings", items: [{ key: "shape", path }] } }] },
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { shape: "round" } },
      );
      expectOneSentence(await runManifest("items.yaml", text), path);
    });
  }

  it("whose subPath climbs out of its volume", async () => {
    const text = podManifest(
      [{ ...container, volumeMounts: [{ name: "v", mountPath: "/v", subPath: "../../etc" }] }],
      { volumes: [{ name: "v", emptyDir: {} }] },
    );
    expectOneSentence(await runManifest("sub-path.yaml", text), "../../etc");
  });

  it("whose hostPath is not of its type", async () => {
    const text = mounted({ hostPath: { path: join(directory, "no-such-directory"), type: "Directory" } });
    expectOneSentence(await runManifest("host-path.yaml", text), "no-such-directory");
    expect(existsSync(join(directory, "no-such-directory"))).toBe(false);
  });
});

describe("a bad module", () => {
  it("that is no wasm", async () => {
    const path = join(directory, "text.wasm");
    await writeFile(path, "This is text, no module.\n");
    expectOneSentence(await krustlet(["run", path]), "text.wasm");
  });

  it("that is empty", async () => {
    const path = join(directory, "empty.wasm");
    await writeFile(path, "");
    expectOneSentence(await krustlet(["run", path]), "empty.wasm");
  });

  it("that is cut off", async () => {
    const path = join(directory, "truncated.wasm");
    const bytes = await readFile(exerciser);
    await writeFile(path, bytes.subarray(0, Math.floor(bytes.length / 2)));
    expectOneSentence(await krustlet(["run", path]), "truncated.wasm");
  });

  it("that imports what no host has", async () => {
    expectOneSentence(await krustlet(["run", guest("missing-import")]), "moon", "base");
  });

  it("that is not there", async () => {
    expectOneSentence(await krustlet(["run", join(directory, "absent.wasm")]), "absent.wasm");
  });

  it("is refused by inspect too", async () => {
    const path = join(directory, "text.wasm");
    await writeFile(path, "This is text, no module.\n");
    expectOneSentence(await krustlet(["inspect", path]), "text.wasm");
  });
});

describe("a bad command line", () => {
  it("with an unknown command", async () => {
    const result = await krustlet(["fly"]);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain("fly");
  });

  it("with an --env-file that is not there, which Node leaves to krustlet", async () => {
    expectOneSentence(
      await krustlet(["run", "--env-file", "absent.env", exerciser]),
      "--env-file absent.env",
    );
  });

  it("whose output cannot be written", async () => {
    for (const args of [["--help"], ["images"], ["inspect", exerciser]]) {
      const result = await krustlet(args, { through: ["sh", "-c", 'exec "$0" "$@" > /dev/full'] });
      expectOneSentence(result, "standard output cannot be written: no space is left on the device");
      expect(result.code).toBe(125);
    }
  });

  it("with a reference that cannot be one", async () => {
    expectOneSentence(await krustlet(["pull", "registry.example/UPPER CASE:v1"]), "UPPER CASE");
  });

  it("with a volume that has no guest path", async () => {
    const result = await krustlet(["run", "-v", directory, exerciser]);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain(directory);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });
});

describe("a bad end", () => {
  it("leaves no pod's directory behind", async () => {
    const home = await mkdtemp(join(directory, "home-"));
    const path = join(directory, "left.yaml");
    await writeFile(path, mounted({ configMap: { name: "absent" } }));
    const result = await krustlet(["run", path], { home });
    expect(result.code).not.toBe(0);
    const pods = join(home, "root", "pods");
    expect(existsSync(pods) ? await readdir(pods) : []).toStrictEqual([]);
  });

  it("shows the stack only where --verbose asks for it", async () => {
    const result = await krustlet(["run", "--verbose", join(directory, "absent.yaml")]);
    expect(result.stderr).toMatch(/^\s+at /m);
  });
});
