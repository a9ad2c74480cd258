import * as fc from "fast-check";
import { mkdir, readlink, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

import { openBeneath, pathOfHandle } from "../src/beneath.ts";
import { scratch } from "./pod-of.ts";

const name = fc.constantFrom("a", "b", "c");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const target = fc.oneof(
  fc
    .array(fc.constantFrom("a", "b", "c", "..", ".", "outside", "root"), { minLength: 1, maxLength: 5 })
    .map((names) => names.join("/")),
  fc.constantFrom("/", "/etc", "/proc/self/cwd"),
);
const entry = fc.record({ path, make: fc.constantFrom("directory", "file", "link", "link"), target });

it("opens what the system would find, as long as that lies beneath and every link stays inside", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 8 }), path, async (entries, wanted) => {
      await using outer = await scratch();
      const root = join(outer.path, "root");
      await mkdir(root);
      await mkdir(join(outer.path, "outside"));
      await writeFile(join(outer.path, "outside/a"), "secret");
      for (const each of entries) await make(root, each).catch(() => undefined);
      const found = await openBeneath(root, wanted, false).then(
        async (handle) => {
          const at = await readlink(pathOfHandle(handle));
          await handle.close();
          return at;
        },
        () => undefined,
      );
      const real = await realpath(join(root, wanted)).catch(() => undefined);
      // What is opened lies beneath, and is what the path names.
      expect(found === undefined || found === root || found.startsWith(`${root}/`)).toBe(true);
      expect([real, undefined]).toContain(found);
      // Without any link, what is there is found.
      const linked = entries.some(({ make: kind }) => kind === "link");
      expect(linked || found === real).toBe(true);
    }),
    { seed: 5, numRuns: Number(process.env.KRUSTLET_FUZZ_RUNS ?? 60) },
  );
});

it("makes missing directories only beneath", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 8 }), path, async (entries, wanted) => {
      await using outer = await scratch();
      const root = join(outer.path, "root");
      await mkdir(root);
      await mkdir(join(outer.path, "outside"));
      for (const each of entries) await make(root, each).catch(() => undefined);
      const handle = await openBeneath(root, wanted, true).catch(() => undefined);
      await handle?.close();
      const left = await realpath(join(outer.path, "outside/a")).catch(() => "nothing");
      expect(left).toBe("nothing");
    }),
    { seed: 6, numRuns: Number(process.env.KRUSTLET_FUZZ_RUNS ?? 30) },
  );
});

interface Entry {
  readonly path: string;
  readonly make: string;
  readonly target: string;
}

/** Makes one entry; directories on the way are made, links on the way are not followed out of the test's tree. */
async function make(root: string, { path, make: kind, target }: Entry): Promise<void> {
  const at = join(root, path);
  await mkdir(dirname(at), { recursive: true });
  const parent = await realpath(dirname(at));
  if (parent !== root && !parent.startsWith(`${root}/`)) return;
  if (kind === "directory") await mkdir(at);
  else if (kind === "file") await writeFile(at, "", { flag: "wx" });
  else await symlink(target, at);
}
