/**
 * Compliance suites for adapters, guests to run in them, a fake clock and a module builder. Private to this project.
 *
 * @example
 * ```ts
 * import { describeRuntime } from "@krustlet/testkit";
 * import { createWasiRuntime } from "@krustlet/runtime-wasi";
 *
 * describeRuntime("wasi", { create: () => createWasiRuntime() });
 * ```
 *
 * @packageDocumentation
 */
export { buildModule, emptyComponent, wasmCode } from "./build-module.ts";
export type { ModuleParts } from "./build-module.ts";
export { compileGuest, moduleSourceOf } from "./compile-guest.ts";
export { OutputRecorder, planOf, runContainer, startContainer } from "./container-run.ts";
export type { StartedContainer } from "./container-run.ts";
export { describeRuntime } from "./describe-runtime.ts";
export type { RuntimeCapability, RuntimeContext, RuntimeSuite } from "./describe-runtime.ts";
export { FakeClock } from "./fake-clock.ts";
