/**
 * The `wasmer` runtime: containers whose files, arguments and clocks are served by `@wasmer/wasi` and
 * `@wasmer/wasmfs`, behind the same contract as the `wasi` runtime.
 *
 * @example
 * ```ts
 * import { createWasmerRuntime } from "@krustlet/runtime-wasmer";
 *
 * await using runtime = createWasmerRuntime();
 * const container = await runtime.start(
 *   {
 *     id: "0".repeat(64),
 *     pod: { namespace: "default", name: "hello", uid: "1" },
 *     name: "hello",
 *     module: { digest: "sha256:…", path: "/tmp/hello.wasm", size: 12_345 },
 *     args: ["hello"],
 *     env: {},
 *     mounts: [{ source: "/srv/data", target: "/data", kind: "directory", readOnly: false }],
 *     listen: [],
 *     resources: {},
 *     isolated: false,
 *   },
 *   { write: (_stream, chunk) => void process.stdout.write(chunk) },
 * );
 * process.exitCode = (await container.exited).exitCode;
 * ```
 *
 * @packageDocumentation
 */
export { createWasmerRuntime } from "./create-wasmer-runtime.ts";
export type { WasmerRuntimeInit } from "./create-wasmer-runtime.ts";
