import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { removeTree } from "../src/remove-tree.ts";

describe("removing a directory of the kubelet's own", () => {
  it("removes a small one at once and a large one in the end, and takes one that is not there for removed", async () => {
    const top = mkdtempSync(join(tmpdir(), "krustlet-remove-"));
    const [small, many, big] = [join(top, "small"), join(top, "many"), join(top, "big")];
    for (const each of [small, many, big]) mkdirSync(join(each, "in"), { recursive: true });
    writeFileSync(join(small, "in", "log"), "text");
    for (let index = 0; index < 20; index += 1) writeFileSync(join(many, "in", `${index}`), "");
    writeFileSync(join(big, "log"), Buffer.alloc(2 * 1024 * 1024));
    const removed = [small, many, big].map((each) => removeTree(each));
    expect([small, many, big].map((each) => existsSync(each))).toStrictEqual([false, true, true]);
    await Promise.all(removed);
    expect([many, big].map((each) => existsSync(each))).toStrictEqual([false, false]);
    await removeTree(join(top, "nowhere"));
    await removeTree(top);
    expect(existsSync(top)).toBe(false);
  });

  it("removes one in which a log is still being begun", async () => {
    const top = mkdtempSync(join(tmpdir(), "krustlet-remove-"));
    const pod = join(top, "pod");
    mkdirSync(pod);
    for (let index = 0; index < 20; index += 1) writeFileSync(join(pod, `${index}`), "");
    const begin = (container: number): void => {
      if (container === 50 || !existsSync(pod)) return;
      mkdirSync(join(pod, `container-${container}`));
      setImmediate(begin, container + 1);
    };
    begin(0);
    await removeTree(pod);
    expect(existsSync(pod)).toBe(false);
    await removeTree(top);
  });

  it("removes links, not what they lead to", async () => {
    const top = mkdtempSync(join(tmpdir(), "krustlet-remove-"));
    mkdirSync(join(top, "mine"));
    writeFileSync(join(top, "other"), "");
    symlinkSync("../other", join(top, "mine", "link"));
    symlinkSync("..", join(top, "mine", "up"));
    await removeTree(join(top, "mine"));
    expect(existsSync(join(top, "other"))).toBe(true);
    await removeTree(top);
  });
});
