import { afterAll, beforeAll, describe } from "vitest";
import type { ContainerPlan, ModuleSource, Runtime } from "@krustlet/interface";
import { compileGuest } from "./compile-guest.ts";
import { planOf } from "./container-run.ts";
import { describeRuntimeEnds } from "./describe-runtime-ends.ts";
import { describeRuntimeFiles } from "./describe-runtime-files.ts";
import { describeRuntimeRefusals } from "./describe-runtime-refusals.ts";
import { describeRuntimeStreams } from "./describe-runtime-streams.ts";
import { useCompileCache } from "./use-compile-cache.ts";

const PARTS = {
  streams: describeRuntimeStreams,
  files: describeRuntimeFiles,
  ends: describeRuntimeEnds,
  refusals: describeRuntimeRefusals,
} as const;
const PART_NAMES: readonly RuntimeSuitePart[] = ["streams", "files", "ends", "refusals"];

/** What a runtime adapter may be unable to do. Everything else it must. */
export type RuntimeCapability =
  /** Standard input that arrives while the guest runs. */
  | "stdin"
  /** A directory or file of the host at a path of the guest's. */
  | "mounts"
  /** `Mount.readOnly`. */
  | "readOnlyMounts"
  /** `Mount.kind: "file"`. */
  | "fileMounts"
  /** `ContainerPlan.listen`. */
  | "listen"
  /** `/run/krustlet/signals`. A runtime without it ends every guest at once with 143. */
  | "signals"
  /** `memoryLimitBytes`. */
  | "memoryLimit"
  /** A guest's write waits while the caller's `write` is pending. */
  | "backPressure";

/** The adapter under test. */
export interface RuntimeSuite {
  /** Makes the runtime; the suite disposes it. */
  create(): Runtime | Promise<Runtime>;
  /**
   * What the adapter cannot do, and what its refusal says: a container that needs it must fail to start with an
   * `UnsupportedField` whose message matches. `undefined`: the guest is told by its own calls (`signals`,
   * `backPressure`), so nothing is refused.
   */
  readonly cannot?: Partial<Record<RuntimeCapability, RegExp | undefined>>;
  /** What every plan of the suite has besides, for example `{ isolated: true }`. */
  readonly plan?: Partial<ContainerPlan>;
  /** Only these parts of the suite, for a second form of an adapter that differs only there. Default: all. */
  readonly only?: readonly RuntimeSuitePart[];
}

/** The parts of the suite. */
export type RuntimeSuitePart = "streams" | "files" | "ends" | "refusals";

/** What the parts of the suite share. */
export interface RuntimeContext {
  readonly runtime: () => Runtime;
  /** A plan that runs the guest `probe` with these arguments, and what `changes` says. */
  readonly probe: (args: readonly string[], changes?: Partial<ContainerPlan>) => ContainerPlan;
  /** A plan that runs another module. */
  readonly plan: (module: ModuleSource, changes?: Partial<ContainerPlan>) => ContainerPlan;
  readonly can: (capability: RuntimeCapability) => boolean;
  readonly cannot: Partial<Record<RuntimeCapability, RegExp | undefined>>;
}

/** The compliance suite of runtime adapters: what `Runtime` promises, proven with real guests compiled from C. */
export function describeRuntime(name: string, suite: RuntimeSuite): void {
  describe(`the runtime ${name}`, () => {
    let runtime: Runtime | undefined;
    let probe: ModuleSource | undefined;
    beforeAll(async () => {
      useCompileCache();
      [runtime, probe] = await Promise.all([suite.create(), compileGuest("probe")]);
    }, 60_000);
    afterAll(async () => {
      await runtime?.[Symbol.asyncDispose]();
    });
    const cannot = suite.cannot ?? {};
    const context: RuntimeContext = {
      runtime: () => made(runtime),
      probe: (args, changes) => planOf(made(probe), { ...suite.plan, args: ["probe", ...args], ...changes }),
      plan: (module, changes) => planOf(module, { ...suite.plan, ...changes }),
      can: (capability) => !(capability in cannot),
      cannot,
    };
    for (const part of suite.only ?? PART_NAMES) PARTS[part](context);
  });
}

function made<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("the suite has not begun");
  return value;
}
