import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ContainerPlan, ModuleSource } from "@krustlet/interface";
import { buildModule, emptyComponent, wasmCode } from "./build-module.ts";
import { moduleSourceOf } from "./compile-guest.ts";
import { OutputRecorder, runContainer } from "./container-run.ts";
import type { RuntimeCapability, RuntimeContext } from "./describe-runtime.ts";

/** What a runtime must refuse to start, and in which words. */
export function describeRuntimeRefusals({ runtime, probe, plan, cannot }: RuntimeContext): void {
  const withModule = async (
    bytes: Uint8Array,
    use: (module: ModuleSource) => Promise<void>,
  ): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-module-"));
    try {
      const path = join(directory, `${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}.wasm`);
      await writeFile(path, bytes);
      await use(await moduleSourceOf(path));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };
  const whole = buildModule({ functions: { _start: wasmCode.nop }, memory: { min: 1 } });

  describe("refusals", () => {
    it.each([
      ["text", new TextEncoder().encode("#!/bin/sh\necho hello\n"), "InvalidModule", /\.wasm/],
      ["nothing at all", new Uint8Array(), "InvalidModule", /\.wasm/],
      ["a truncated module", whole.subarray(0, whole.length - 3), "InvalidModule", /\.wasm/],
      ["a component", emptyComponent, "UnsupportedModule", /component model/],
      [
        "a module with an unknown import",
        buildModule({ imports: [["env", "launch_missiles"]], functions: { _start: wasmCode.nop } }),
        "MissingImport",
        /env.*launch_missiles/,
      ],
      [
        "a module without _start",
        buildModule({ functions: { other: wasmCode.nop } }),
        "InvalidModule",
        /_start/,
      ],
    ])("refuses %s by name", async (_what, bytes, code, message) => {
      await withModule(bytes, async (module) => {
        const started = runtime().start(plan(module), new OutputRecorder());
        await expect(started).rejects.toMatchObject({
          code,
          message: expect.stringMatching(message) as string,
        });
      });
    });

    it("still runs the next container after a refusal", async () => {
      const { exit } = await runContainer(runtime(), probe([]));
      expect(exit.exitCode).toBe(0);
    });

    it("starts nothing when the caller has given up", async () => {
      const signal = AbortSignal.abort(new Error("given up"));
      const started = runtime().start(probe([]), new OutputRecorder(), { signal });
      await expect(started).rejects.toThrow("given up");
    });

    const refused = Object.entries(cannot).filter(([, message]) => message !== undefined);
    it.runIf(refused.length > 0).each(refused)("refuses what it cannot do: %s", async (name, message) => {
      const needing = probe([], changesThatNeed(name as RuntimeCapability));
      await expect(runtime().start(needing, ioThatNeeds(name as RuntimeCapability))).rejects.toMatchObject({
        code: "UnsupportedField",
        message: expect.stringMatching(message ?? /./) as string,
      });
    });
  });
}

function ioThatNeeds(capability: RuntimeCapability): OutputRecorder {
  return new OutputRecorder(capability === "stdin" ? (async function* () {})() : undefined);
}

function changesThatNeed(capability: RuntimeCapability): Partial<ContainerPlan> {
  const mount = { source: tmpdir(), target: "/data", kind: "directory", readOnly: false } as const;
  const changes: Partial<Record<RuntimeCapability, Partial<ContainerPlan>>> = {
    mounts: { mounts: [mount] },
    readOnlyMounts: { mounts: [{ ...mount, readOnly: true }] },
    fileMounts: { mounts: [{ ...mount, kind: "file" }] },
    listen: { listen: [{ name: "http", binds: [{ address: "127.0.0.1", port: 0 }] }] },
    memoryLimit: { resources: { memoryLimitBytes: 8 * 1024 * 1024 } },
  };
  return changes[capability] ?? {};
}
