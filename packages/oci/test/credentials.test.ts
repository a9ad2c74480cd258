import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { Cancellable, ErrorCode, RegistryCredential } from "@krustlet/interface";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { parseDockercfg, parseDockerConfig } from "../src/docker-config.ts";
import {
  createDockerCredentials,
  credentialsOfSecret,
  matchCredentials,
  parseReference,
} from "../src/index.ts";
import { withCredentials } from "../src/with-credentials.ts";
import { cpuMillisOf } from "./cpu-millis.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a docker config", () => {
  it("gives logins from auth, user and password, and tokens", () => {
    const config = {
      auths: {
        "a.example": { auth: base64("me:pass:word"), username: "ignored", password: "ignored" },
        "b.example": { username: "you", password: "secret", email: "x" },
        "c.example": { auth: base64("me:x").replaceAll("=", ""), identitytoken: "refresh" },
        "d.example": { registrytoken: "bearer" },
        "e.example": {},
      },
      credHelpers: { "f.example": "pass", bad: 3 },
      credsStore: "desktop",
    };
    expect(parseDockerConfig(JSON.stringify(config), "config")).toEqual({
      auths: [
        { registry: "a.example", username: "me", password: "pass:word" },
        { registry: "b.example", username: "you", password: "secret" },
        { registry: "c.example", username: "me", password: "x", identityToken: "refresh" },
        { registry: "d.example", registryToken: "bearer" },
      ],
      credHelpers: { "f.example": "pass" },
      credsStore: "desktop",
    });
    expect(parseDockerConfig("{}", "config")).toEqual({ auths: [], credHelpers: {} });
  });

  it.each([
    ["secret", "is no JSON"],
    ["[]", "is no JSON object"],
    ['{"auths":[]}', '"auths" is no object'],
    ['{"auths":{"x":"secret"}}', 'the entry for "x" is no object'],
    ['{"auths":{"x":{"auth":"secret!"}}}', "base64"],
    [`{"auths":{"x":{"auth":"${base64("secret")}"}}}`, "base64"],
  ])("that is malformed is named, not quoted: %s", (text, says) => {
    const failure = (() => {
      try {
        return parseDockerConfig(text, "the file") && undefined;
      } catch (error) {
        return error as Error;
      }
    })();
    expect(failure).toMatchObject({ code: "InvalidObject", message: expect.stringContaining(says) });
    expect(failure?.message).toContain("the file");
    expect(failure?.message).not.toContain("secret");
  });

  it("is read or refused, whatever it holds, and never leaks into the error", () => {
    const auth = fc.oneof(
      fc.string(),
      fc.string().map(base64),
      fc.constantFrom("hunter2", base64("hunter2")),
      fc.jsonValue(),
    );
    const entry = fc.oneof(
      fc.record({ auth, username: fc.jsonValue(), identitytoken: fc.jsonValue() }),
      fc.jsonValue(),
    );
    const text = fc.oneof(
      fc.string().map((garbage) => `{"auths":{"x":{"auth":"hunter2"${garbage}`),
      fc
        .record({ auths: fc.dictionary(fc.string(), entry), credHelpers: fc.jsonValue() })
        .map((v) => JSON.stringify(v)),
    );
    const messages = new Set<string>();
    const property = fc.property(text, (config) => {
      for (const parse of [parseDockerConfig, parseDockercfg]) {
        try {
          parse(config, "it");
        } catch (error) {
          if (!isKrustletError(error, "InvalidObject")) throw error;
          messages.add(error.message);
        }
      }
    });
    fc.assert(property, { seed: 5, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 2000) });
    expect([...messages].join()).not.toMatch(/hunter2|aHVudGVyMg/);
    expect(messages.size).toBeGreaterThan(3);
  });
});

describe("a pull secret", () => {
  const config = JSON.stringify({ auths: { "a.example": { auth: base64("me:pass") } } });
  const flat = JSON.stringify({ "a.example": { auth: base64("me:pass") } });
  const expected = [{ registry: "a.example", username: "me", password: "pass" }];

  it("of either type gives its logins", () => {
    const json = { type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": base64(config) } };
    const old = { type: "kubernetes.io/dockercfg", data: { ".dockercfg": base64(flat) } };
    expect(credentialsOfSecret(json)).toEqual(expected);
    expect(credentialsOfSecret(old)).toEqual(expected);
    expect(credentialsOfSecret({ data: json.data })).toEqual(expected);
  });

  it("of another type is refused by name", () => {
    expect(() => credentialsOfSecret({ type: "Opaque", data: { x: "" } }, "Secret default/x")).toThrow(
      expect.objectContaining({
        code: "InvalidObject",
        message: expect.stringContaining("Secret default/x is no pull secret"),
      }),
    );
  });
});

describe("matching credentials", () => {
  it.each([
    ["a.example", "a.example/x", true],
    ["https://a.example", "a.example/x", true],
    ["https://a.example/v2/", "a.example/x", true],
    ["A.Example", "a.example/x", true],
    ["a.example", "b.a.example/x", false],
    ["*.example", "a.example/x", true],
    ["*.example", "a.b.example/x", false],
    ["*.*.example", "a.b.example/x", true],
    ["reg-?.example", "reg-1.example/x", true],
    ["*", "a.example/x", false],
    ["*", "localhost/x", true],
    ["a.example:5000", "a.example/x", false],
    ["a.example", "a.example:5000/x", false],
    ["a.example:5000", "a.example:5000/x", true],
    ["a.example/team", "a.example/team/x", true],
    ["a.example/team", "a.example/other/x", false],
    ["a.example/team/x", "a.example/team", false],
    ["https://index.docker.io/v1/", "hello", true],
    ["docker.io", "hello", true],
    ["index.docker.io", "a.example/x", false],
    ["evil.a.example.com", "a.example/x", false],
  ])("%s is for %s: %s", (key, image, yes) => {
    const credential = { registry: key, username: "u", password: "p" };
    expect(matchCredentials(parseReference(image), [credential])).toEqual(yes ? [credential] : []);
  });

  it("puts the most particular first", () => {
    const keys = ["a.example", "a.example/team/app", "a.example/team"];
    const found = matchCredentials(
      parseReference("a.example/team/app/x"),
      keys.map((registry) => ({ registry })),
    );
    expect(found.map(({ registry }) => registry)).toEqual([
      "a.example/team/app",
      "a.example/team",
      "a.example",
    ]);
  });

  it("takes no time over hostile globs", () => {
    const registry = `${"*a".repeat(5000)}b`;
    const image = parseReference(`${"a".repeat(200)}.example/x`);
    const taken = cpuMillisOf(() => {
      expect(matchCredentials(image, [{ registry: `${registry}.example` }])).toEqual([]);
    });
    expect(taken).toBeLessThan(4000);
  });
});

describe("several logins for an image", () => {
  const login = (username: string): RegistryCredential => ({
    registry: "r.example",
    username,
    password: "p",
  });
  const refusal = (code: ErrorCode): KrustletError => new KrustletError(code, code);

  /** Who is asked, in order, until one of them may. */
  async function asked(
    may: string,
    code: ErrorCode,
    own: readonly string[],
    machine: readonly string[],
  ): Promise<readonly string[]> {
    const tried: string[] = [];
    await withCredentials(
      own.map(login),
      () => Promise.resolve(machine.map(login)),
      async (credential, { by }) => {
        tried.push(`${credential?.username ?? "nobody"} by ${by}`);
        if (credential?.username !== may) throw refusal(code);
      },
    ).catch((error: unknown) => tried.push(isKrustletError(error) ? error.code : "unknown"));
    return tried;
  }

  it.each(["RegistryUnauthorized", "RegistryForbidden", "ImageNotFound"] as const)(
    "are tried one after the other as long as the answer is %s",
    async (code) => {
      expect(await asked("c", code, ["a", "b"], ["c", "d"])).toEqual([
        "a by credential",
        "b by credential",
        "c by machine",
      ]);
      expect(await asked("x", code, ["a"], ["c"])).toEqual(["a by credential", "c by machine", code]);
      expect(await asked("x", code, ["a"], [])).toEqual(["a by credential", code]);
      expect(await asked("x", code, [], [])).toEqual(["nobody by machine", code]);
    },
  );

  it("are not tried where another one does not help", async () => {
    expect(await asked("b", "RegistryUnavailable", ["a", "b"], [])).toEqual([
      "a by credential",
      "RegistryUnavailable",
    ]);
  });
});

describe("the machine's logins", () => {
  async function setUp(config: object, helpers: Readonly<Record<string, string>> = {}) {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-docker-"));
    await mkdir(join(directory, "bin"));
    await writeFile(join(directory, "config.json"), JSON.stringify(config));
    for (const [name, script] of Object.entries(helpers)) {
      const path = join(directory, "bin", `docker-credential-${name}`);
      await writeFile(path, `#!/bin/sh\nread server\n${script}\n`);
      await chmod(path, 0o755);
    }
    const env = { DOCKER_CONFIG: directory, PATH: `${join(directory, "bin")}:${process.env["PATH"]}` };
    return {
      ask: (image: string, options?: Cancellable) =>
        createDockerCredentials({ env })(parseReference(image), options),
      file: (name: string) => join(directory, name),
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    };
  }
  const answer = (user: string) =>
    `echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"${user}\\",\\"Secret\\":\\"$server\\"}"`;

  it("come from credHelpers, then the store, then auths", async () => {
    const auths = {
      "a.example": { auth: base64("me:a") },
      "b.example": { auth: base64("me:b") },
      "https://index.docker.io/v1/": { auth: base64("me:hub") },
    };
    await using t = await setUp(
      { auths, credHelpers: { "a.example": "one" }, credsStore: "two" },
      {
        one: answer("one"),
        two: `[ $server = b.example ] && { echo "credentials not found in native keychain"; exit 1; }; ${answer("<token>")}`,
      },
    );
    expect(await t.ask("a.example/x")).toEqual([
      { registry: "a.example", username: "one", password: "a.example" },
    ]);
    expect(await t.ask("b.example/x")).toEqual([{ registry: "b.example", username: "me", password: "b" }]);
    expect(await t.ask("hello")).toEqual([
      { registry: "docker.io", identityToken: "https://index.docker.io/v1/" },
    ]);
  });

  it("of a helper that is missing, fails, or answers nonsense are an error that names it", async () => {
    const credHelpers = {
      "a.example": "absent",
      "b.example": "fails",
      "c.example": "babbles",
      "d.example": "../../bin/sh",
    };
    await using t = await setUp({ credHelpers }, { fails: "echo broken; exit 3", babbles: "echo hello" });
    for (const [image, says] of [
      ["a.example/x", "docker-credential-absent"],
      ["b.example/x", "exit code 3: broken"],
      ["c.example/x", "answered no JSON"],
      ["d.example/x", "name that no helper may have"],
    ] as const) {
      await expect(t.ask(image)).rejects.toMatchObject({
        code: "CredentialHelper",
        message: expect.stringContaining(says),
      });
    }
  });

  it("of a helper that hangs are given up with the pull", async () => {
    const hangs = 'trap "" TERM; echo > "$DOCKER_CONFIG/up"; exec sleep 600';
    await using t = await setUp({ credsStore: "hangs" }, { hangs });
    const abort = new AbortController();
    const asked = t.ask("a.example/x", { signal: abort.signal });
    asked.catch(() => {});
    await vi.waitUntil(() => existsSync(t.file("up")), { timeout: 20_000 });
    abort.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await expect(t.ask("a.example/x", { signal: abort.signal })).rejects.toThrow("enough");
  });

  it("of a helper that says too much are not waited for, whatever it has started", async () => {
    const babbles = 'sleep 600 & echo $! > "$DOCKER_CONFIG/pid"; while :; do echo blah blah blah blah; done';
    await using t = await setUp({ credsStore: "babbles" }, { babbles });
    await expect(t.ask("a.example/x")).rejects.toMatchObject({ message: expect.stringContaining("SIGKILL") });
    process.kill(Number(await readFile(t.file("pid"), "utf8")));
  });

  it("are none where there is no file", async () => {
    const ask = createDockerCredentials({ env: {}, home: "/nonexistent" });
    expect(await ask(parseReference("hello"))).toEqual([]);
  });
});
