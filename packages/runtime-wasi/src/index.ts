/**
 * The `wasi` runtime: containers from core WebAssembly modules, thousands in one process, each interruptible,
 * limited and killable at any moment.
 *
 * @example
 * ```ts
 * import { createWasiRuntime } from "@krustlet/runtime-wasi";
 *
 * await using runtime = createWasiRuntime();
 * const container = await runtime.start(
 *   {
 *     id: "0".repeat(64),
 *     pod: { namespace: "default", name: "hello", uid: "1" },
 *     name: "hello",
 *     module: { digest: "sha256:…", path: "/tmp/hello.wasm", size: 12_345 },
 *     args: ["hello"],
 *     env: {},
 *     mounts: [],
 *     listen: [],
 *     resources: { memoryLimitBytes: 64 * 1024 * 1024 },
 *     isolated: false,
 *   },
 *   { write: (_stream, chunk) => void process.stdout.write(chunk) },
 * );
 * process.exitCode = (await container.exited).exitCode;
 * ```
 *
 * @packageDocumentation
 */
export { collectGarbage } from "./collect-garbage.ts";
export { createWasiRuntime } from "./runtime.ts";
export type { WasiRuntimeInit } from "./runtime.ts";
export { startThread } from "./start-thread.ts";
export type { GuestExtension, ThreadOptions } from "./start-thread.ts";
