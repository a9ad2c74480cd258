import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

describe("the README's example", () => {
  it("runs as it stands, without Kubernetes", { timeout: 60_000 }, async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const example = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? "";
    const source = example.replaceAll(
      '"@krustlet/pod-machine"',
      JSON.stringify(new URL("../src/index.ts", import.meta.url).href),
    );
    const dir = await mkdtemp(join(tmpdir(), "pod-machine-"));
    try {
      const file = join(dir, "example.mts");
      await writeFile(
        file,
        `${source}\nprocess.on("exit", () => console.log(state.name, statusOf(state).phase));\n`,
      );
      const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@krustlet/source", file]);
      expect(stdout.trim().split("\n")).toEqual([
        "-> Mounting",
        "-> Running",
        'first: Pulled: Container image "prepare" already present on machine and can be accessed by the pod',
        "first: Created: Container created",
        "first: Started: Container started",
        'main: Pulled: Container image "flaky" already present on machine and can be accessed by the pod',
        "main: Created: Container created",
        "main: Started: Container started",
        'main: Pulled: Container image "flaky" already present on machine and can be accessed by the pod',
        "main: Created: Container created",
        "main: Started: Container started",
        "-> Unmounting",
        "-> Finished",
        "Finished Succeeded",
      ]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
