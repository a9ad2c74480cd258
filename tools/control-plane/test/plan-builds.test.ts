import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheDirectoryOf } from "../src/programs/cache-directory.ts";
import { GO_MODULES, requiredVersionOf } from "../src/programs/go-modules.ts";
import { planBuilds } from "../src/programs/plan-builds.ts";

const kubernetes = GO_MODULES.find(({ name }) => name === "kubernetes")!;
const goMod =
  "module x\n\nrequire (\n\tk8s.io/kubernetes v1.36.3 // indirect\n\tk8s.io/kubernetes-x v9.0.0\n)\n";
const read = { module: kubernetes, directory: "/go", goMod, goSum: "sums" };

test("a program's version is the one that go.mod requires", () => {
  expect(requiredVersionOf(goMod, "k8s.io/kubernetes")).toBe("v1.36.3");
  expect(requiredVersionOf("require sigs.k8s.io/kwok v0.8.0", "sigs.k8s.io/kwok")).toBe("v0.8.0");
  expect(() => requiredVersionOf(goMod, "k8s.io/other")).toThrow("go.mod requires no k8s.io/other.");
});

test("Kubernetes' programs are told their version, without which they take themselves for v0.0.0", () => {
  const [build] = planBuilds(read, "/cache", "linux-x64");
  expect(build?.args.join(" ")).toContain("-X k8s.io/component-base/version.gitVersion=v1.36.3");
  expect(build?.args.join(" ")).toContain("-X k8s.io/component-base/version.gitMinor=36");
});

test("another go.sum, version or platform has a directory of its own, and the same one the same", () => {
  const directories = [
    planBuilds(read, "/cache", "linux-x64"),
    planBuilds({ ...read, goSum: "others" }, "/cache", "linux-x64"),
    planBuilds({ ...read, goMod: goMod.replace("1.36.3", "1.36.4") }, "/cache", "linux-x64"),
    planBuilds(read, "/cache", "linux-arm64"),
  ].map(([build]) => join(build!.file, ".."));
  expect(new Set(directories).size).toBe(4);
  expect(planBuilds(read, "/cache", "linux-x64")[0]?.file).toBe(join(directories[0]!, "kube-apiserver"));
});

test("what is built lies outside of every checkout, where the user keeps caches", () => {
  expect(cacheDirectoryOf({}, "/home/me")).toBe("/home/me/.cache/krustlet");
  expect(cacheDirectoryOf({ XDG_CACHE_HOME: "/var/cache" }, "/home/me")).toBe("/var/cache/krustlet");
  expect(cacheDirectoryOf({ KRUSTLET_CACHE: "/k", XDG_CACHE_HOME: "/var/cache" }, "/home/me")).toBe("/k");
});

test("Kubernetes' own modules are all replaced by the release that belongs to it", () => {
  const own = readFileSync(join(import.meta.dirname, "..", "go", "kubernetes", "go.mod"), "utf8");
  const version = requiredVersionOf(own, "k8s.io/kubernetes").replace("v1.", "v0.");
  const replaced = [...own.matchAll(/^\t(k8s\.io\/[a-z-]+) => (k8s\.io\/[a-z-]+) (v[\d.]+)$/gm)];
  expect(replaced.length).toBeGreaterThan(30);
  for (const [, from, to, at] of replaced) expect([to, at]).toEqual([from, version]);
});
