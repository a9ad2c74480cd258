import { describe, expect, it } from "vitest";

import { buildMountTree } from "../src/index.ts";
import type { RootNode } from "../src/index.ts";

const mount = (source: string, target: string) =>
  ({ source, target, kind: "directory", readOnly: false }) as const;

describe("a mount tree", () => {
  it("has devices and the signals file unless they are not wanted", () => {
    const tree = buildMountTree([]);
    expect(tree.kind === "directory" && [...tree.children.keys()]).toEqual(["dev", "run"]);
    expect(buildMountTree([], { devices: false })).toEqual({ kind: "directory", children: new Map() });
  });

  it("is the mount itself where it is mounted at the root", () => {
    expect(buildMountTree([mount("/host", "/")], { devices: false })).toEqual({
      kind: "host-directory",
      path: "/host",
      readOnly: false,
    });
  });

  it("lets a later mount lie over an earlier one", () => {
    const tree = buildMountTree([mount("/one", "/a"), mount("/two", "/a/b"), mount("/three", "/a")], {
      devices: false,
    });
    expect(tree).toEqual({
      kind: "directory",
      children: new Map([["a", { kind: "host-directory", path: "/three", readOnly: false }]]),
    });
  });

  it("has a mount among the devices, and no other tree has it", () => {
    const namesIn = (tree: RootNode | undefined): readonly string[] =>
      tree?.kind === "directory" ? [...tree.children.keys()] : [];
    const childOf = (tree: RootNode, name: string): RootNode | undefined =>
      tree.kind === "directory" ? tree.children.get(name) : undefined;
    const plain = namesIn(childOf(buildMountTree([]), "dev"));
    const tree = buildMountTree([mount("/memory", "/dev/shm"), mount("/own", "/dev/null")]);
    expect(namesIn(childOf(tree, "dev"))).toEqual([...plain, "shm"]);
    expect(childOf(childOf(tree, "dev")!, "null")).toMatchObject({ path: "/own" });
    expect(namesIn(childOf(buildMountTree([mount("/a", "/a")]), "dev"))).toEqual(plain);
  });

  it.each(["relative", "/a/../b", "/nul\0"])("refuses the target %j", (target) => {
    expect(() => buildMountTree([mount("/host", target)])).toThrow(/no plain absolute path/);
  });
});
