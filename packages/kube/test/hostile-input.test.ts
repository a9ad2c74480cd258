import { randomBytes } from "node:crypto";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { isKrustletError } from "@krustlet/interface";
import type { Arbitrary } from "fast-check";
import {
  array,
  assert,
  constantFrom,
  dictionary,
  integer,
  jsonValue,
  letrec,
  oneof,
  property,
  string,
  uint8Array,
} from "fast-check";
import { expect, test } from "vitest";
import { apiErrorOf } from "../src/api-error.ts";
import { jsonOf } from "../src/json-of.ts";
import { createLineSplitter } from "../src/json-lines.ts";
import { nodeFromJson, podFromJson } from "../src/object-dates.ts";
import { parseKubeconfig } from "../src/parse-kubeconfig.ts";
import { parseWatchEvent } from "../src/parse-watch-event.ts";
import { referencedObjectsOf } from "../src/referenced-objects.ts";

const RUNS = { numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 500), seed: 4 };

/** JSON whose keys are those that are looked for. */
function jsonWith(keys: string): Arbitrary<unknown> {
  return letrec((tie) => ({
    value: oneof(
      { maxDepth: 6 },
      constantFrom<unknown>(
        null,
        1,
        "",
        "x",
        "2026-01-01T00:00:00Z",
        true,
        "Config",
        "https://127.0.0.1:6443",
      ),
      array(tie("value"), { maxLength: 3 }),
      dictionary(constantFrom(...keys.split(" ")), tie("value"), { maxKeys: 6 }),
    ),
  }))["value"];
}

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("whatever a kubeconfig holds, it is a context or a sentence", () => {
  const near = jsonWith(
    "current-context contexts clusters users name context cluster user server exec env command token tokenFile kind " +
      "provideClusterInfo certificate-authority client-certificate-data proxy-url",
  );
  const isSentence = (error: unknown): boolean =>
    isKrustletError(error, "InvalidKubeconfig") && /^The kubeconfig [^\n]+\.$/.test(error.message);
  assert(
    property(oneof(near, near, jsonValue()), near, near, (document, cluster, user) => {
      const config = {
        "current-context": "x",
        contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
        clusters: [{ name: "x", cluster }],
        users: [{ name: "x", user }],
      };
      for (const one of [document, config, { ...config, users: document }]) {
        const error = errorOf(() => parseKubeconfig(one, "kubeconfig", "/"));
        expect(error).toSatisfy((error) => error === undefined || isSentence(error));
      }
    }),
    RUNS,
  );
});

test("lines come out as they went in, wherever they were cut", () => {
  const line = string({ unit: "binary" }).map((text) => text.replaceAll("\n", ""));
  assert(
    property(array(line), array(integer({ min: 1, max: 50 }), { minLength: 1 }), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join("") + "rest");
      const split = createLineSplitter();
      const found: string[] = [];
      for (let at = 0, i = 0; at < bytes.length; i += 1) {
        const size = sizes[i % sizes.length] ?? 1;
        found.push(...split(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(found).toEqual(lines.map((text) => Buffer.from(text).toString()));
    }),
    RUNS,
  );
});

test("a line without an end is given up", () => {
  const split = createLineSplitter(1000);
  expect(() => {
    for (let i = 0; i < 100; i += 1) split(randomBytes(100).map((byte) => byte | 0x80));
  }).toThrow("a line is longer than 1000 bytes");
});

test("whatever a watch or an answer says, it is an event, an error or nothing", () => {
  const near = jsonWith("type object metadata name resourceVersion annotations code message details");
  const types = constantFrom("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "x");
  assert(
    property(types, near, string(), uint8Array({ maxLength: 200 }), (type, object, text, bytes) => {
      const lines = [
        JSON.stringify({ type, object }),
        JSON.stringify(object),
        text,
        ...createLineSplitter()(bytes),
      ];
      for (const line of lines) {
        const event = parseWatchEvent(line, "watch");
        expect(event).toSatisfy(() => event?.type !== "ERROR" || typeof event.error.code === "number");
        expect(apiErrorOf("GET /x", 500, line, text).message).not.toContain("\n");
      }
    }),
    RUNS,
  );
});

test("whatever an object holds, its dates are dates or missing", () => {
  const keys =
    "metadata status spec conditions containerStatuses state lastState running terminated startedAt finishedAt " +
    "startTime deletionTimestamp taints timeAdded";
  assert(
    property(dictionary(constantFrom(...keys.split(" ")), jsonWith(keys)), (object) => {
      const { status, metadata } = podFromJson(structuredClone(object) as V1Pod);
      for (const date of [status?.startTime, metadata?.deletionTimestamp]) {
        expect(date).toSatisfy(() => date === undefined || date instanceof Date);
      }
      expect(
        errorOf(() => jsonOf(nodeFromJson(structuredClone(object) as unknown as V1Node))),
      ).toBeUndefined();
    }),
    RUNS,
  );
});

test("a pod without a spec names nothing", () => {
  expect(referencedObjectsOf({})).toEqual([]);
});
