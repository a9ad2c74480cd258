import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { isKrustletError } from "@krustlet/interface";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { buildKubeconfig, readKubeconfigParts } from "../src/index.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kubeconfig-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const read = async (text: string): ReturnType<typeof readKubeconfigParts> => {
  const path = join(directory, "config");
  await writeFile(path, text);
  return readKubeconfigParts(path);
};
const parts = { cluster: { server: "https://192.0.2.1" }, user: { token: "t" } };

describe("a kubeconfig", () => {
  it("that was built is read as it was, its paths beside it", async () => {
    expect(await read(buildKubeconfig(parts))).toEqual(parts);
    const user = { "client-certificate": "a.pem", "client-key": "/keys/a.key", tokenFile: "" };
    expect(await read(buildKubeconfig({ ...parts, user }))).toEqual({
      ...parts,
      user: { ...user, "client-certificate": join(directory, "a.pem") },
    });
    expect(await readKubeconfigParts(join(directory, "none"))).toBeUndefined();
  });

  it.each([
    [{ "current-context": 7 }, "has no current-context"],
    [
      { "current-context": "x", contexts: [{ name: "x", context: { user: "u" } }] },
      "no cluster in its context x",
    ],
    [
      { "current-context": "x", contexts: [{ name: "x", context: { cluster: "c" } }] },
      "no user in its context x",
    ],
    [
      { "current-context": "x", contexts: [{ name: "x", context: { cluster: "c", user: "u" } }] },
      "no cluster named c",
    ],
    [
      {
        "current-context": "x",
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster: {} }],
        users: [{ name: "u" }],
      },
      "no server in its cluster c",
    ],
  ])("that lacks something says what: %j", async (config, sentence) => {
    await expect(read(stringify(config))).rejects.toMatchObject({
      code: "InvalidObject",
      message: expect.stringContaining(sentence),
    });
  });

  it("of any kind is read or refused, and never hangs", async () => {
    const bomb = `a: &a [x,x,x,x]\n${Array.from({ length: 20 }, (_, i) => `b${i}: &b${i} [*a,*a,*a,*a,*a,*a]`).join("\n")}`;
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom(bomb, "*x", "!!js/function x", "? [", "\u0000", "current-context: {}", "- - -"),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const answer = await read(text).catch((error: unknown) => error);
        expect(answer instanceof Error ? isKrustletError(answer, "InvalidObject") : true).toBe(true);
      }),
      { seed: 4, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 200) },
    );
  });
});
