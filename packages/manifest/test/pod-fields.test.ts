import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { parseManifest, POD_FIELDS, supportedDocument } from "../src/index.ts";
import { SCHEMA } from "../src/schema/schema.ts";
import { fieldTypeOf } from "../src/schema/types.ts";

/** Every field path of the Pod API, as POD_FIELDS writes them. */
function podPaths(): ReadonlySet<string> {
  const paths = new Set<string>();
  const walk = (type: string, prefix: string): void => {
    for (const [name, text] of Object.entries(SCHEMA[type] ?? {})) {
      const { base, shape } = fieldTypeOf(text);
      const path = prefix === "" ? name : `${prefix}.${name}`;
      paths.add(path);
      // Ephemeral containers and claim templates repeat what is said elsewhere.
      if (shape !== "map") walk(base, shape === "list" ? `${path}[]` : path);
    }
  };
  walk("Pod", "");
  return paths;
}

const PATHS = podPaths();

/** The entry that holds for a path: its own, or that of the nearest field above. */
function entryOf(path: string): string | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    for (const candidate of [at, at.replace(/\[\]$/, "")]) {
      if (Object.hasOwn(POD_FIELDS, candidate)) return candidate;
    }
  }
  return undefined;
}

const run = (pod: string): readonly string[] =>
  parseManifest(`apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n${pod}`, { source: "p.yaml" }).warnings;

describe("POD_FIELDS", () => {
  it("says of every field of the Pod API what becomes of it", () => {
    const inner = ["metadata", "spec", "spec.containers", "spec.initContainers", "spec.volumes"];
    const deeper = (path: string): boolean =>
      [...PATHS].some((each) => each.startsWith(`${path}.`) || each.startsWith(`${path}[]`));
    const missing = [...PATHS].filter((path) => entryOf(path) === undefined && !deeper(path));
    expect(missing).toEqual([]);
    for (const path of inner) expect(PATHS.has(path)).toBe(true);
  });

  it("holds no field that the Pod API has not", () => {
    expect(Object.keys(POD_FIELDS).filter((path) => !PATHS.has(path))).toEqual([]);
  });

  it("gives a whole sentence for each field that is not supported", () => {
    const both = Object.values(POD_FIELDS).flatMap((field) => [field, field.node ?? field]);
    const whys = both.flatMap((field) => (field.support === "supported" ? [] : [field.why]));
    expect(whys.filter((why) => !/^[a-zA-Z].{15,}[^.]$/.test(why))).toEqual([]);
  });

  it("is what docs/supported.md shows", () => {
    const file = new URL("../../../docs/supported.md", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(supportedDocument());
  });
});

describe("a field of a Pod", () => {
  const container = "name: c, image: i:v1";

  it.each([
    [
      `spec: {containers: [{${container}}], schedulingGates: [{name: g}]}`,
      "spec.schedulingGates: nothing would ever open the gates",
    ],
    [
      `spec: {containers: [{${container}}], ephemeralContainers: [{${container.replace("c,", "d,")}}]}`,
      "spec.ephemeralContainers: ephemeral containers are not supported",
    ],
    [
      `spec: {containers: [{${container}}], volumes: [{name: v, nfs: {path: /x, server: s}}]}`,
      'spec.volumes[0].nfs: unknown volume kind "nfs" (known: configMap,',
    ],
    [
      `spec: {containers: [{${container}, volumeDevices: [{name: v, devicePath: /dev/x}]}]}`,
      "spec.containers[0].volumeDevices: WASI has no block devices",
    ],
    [
      `spec: {containers: [{${container}}], initContainers: [{name: d, image: i, resources: {claims: [{name: x}]}}]}`,
      "spec.initContainers[0].resources.claims: dynamic resource allocation",
    ],
  ])("is refused with one sentence: %s", (pod, message) => {
    expect(() => run(pod)).toThrow(
      expect.objectContaining({ code: "UnsupportedField", message: expect.stringContaining(message) }),
    );
  });

  it.each([
    `spec: {containers: [{${container}}], hostNetwork: false, ephemeralContainers: [], schedulingGates: null}`,
    `spec: {containers: [{${container}, securityContext: {privileged: false, runAsUser: 0}, tty: false}]}`,
    `spec: {containers: [{${container}}], nodeSelector: {a: b}, tolerations: [{operator: Exists}], hostPID: true}`,
    `spec: {containers: [{${container}}], affinity: {nodeAffinity: {}}}\nstatus: {phase: Running}`,
  ])("is silent where it asks for nothing, or means nothing here: %s", (pod) => {
    expect(run(pod)).toEqual([]);
  });

  it.each([
    [
      `spec: {containers: [{${container}, livenessProbe: {exec: {command: [a]}}}]}`,
      "p.yaml, document 1, line 4: spec.containers[0].livenessProbe: ignored: probes are not run",
    ],
    [
      `spec: {containers: [{${container}, tty: true}]}`,
      "spec.containers[0].tty: ignored: WebAssembly guests have no terminals",
    ],
    [
      `spec: {containers: [{${container}, securityContext: {capabilities: {add: [NET_ADMIN]}}}]}`,
      "spec.containers[0].securityContext.capabilities.add: ignored",
    ],
    [`spec: {containers: [{${container}}], hostAliases: [{ip: 1.2.3.4}]}`, "spec.hostAliases: ignored"],
  ])("is warned of where its author may count on it: %s", (pod, message) => {
    const warnings = run(pod);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(message);
  });
});
