/**
 * A WASI preview 1 host for Node: a module runs with the files, streams, clocks and sockets it is given, and nothing
 * else, and whatever waits suspends the guest instead of blocking the thread.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { runModule } from "@krustlet/wasi";
 *
 * const exit = await runModule(await readFile("hello.wasm"), {
 *   args: ["hello", "world"],
 *   stdout: { write: (chunk) => void process.stdout.write(chunk) },
 *   preopens: [{ guestPath: "/", node: { kind: "host-directory", path: "/srv/data", readOnly: true } }],
 * });
 * process.exitCode = exit.kind === "exit" ? exit.code : 134;
 * ```
 *
 * @packageDocumentation
 */
export type { WasmImports, WasmInstance, WasmMemory, WasmModule } from "./engine-types.ts";
export type { Answer, Face, ImportFunction } from "./face.ts";
export { FACES } from "./faces.ts";
export type { Guest } from "./guest.ts";
export type { Gate, Preopen, WasiClock, WasiExit, WasiInit } from "./init.ts";
export { hasJspi } from "./jspi.ts";
export { openBeneath } from "./kernel/open-beneath.ts";
export { guardNativeLoading } from "./kernel/open-kernel.ts";
export type { LoadingGuard } from "./kernel/open-kernel.ts";
export { openListener } from "./listener.ts";
export type { ListenerInit, PreopenedListener } from "./listener.ts";
export { buildMountTree } from "./mount-tree.ts";
export type { MountTreeOptions } from "./mount-tree.ts";
export type {
  DeviceName,
  DeviceNode,
  HostDirectoryNode,
  HostFileNode,
  NodeChildren,
  RootNode,
  SignalsNode,
  VirtualDirectoryNode,
} from "./root-node.ts";
export { runModule } from "./run-module.ts";
export { byteSourceOf } from "./streams.ts";
export type { ByteSink, ByteSource } from "./streams.ts";
export { createWasi } from "./wasi.ts";
export type { StartOptions, Wasi } from "./wasi-handle.ts";
export type { NetworkPolicy } from "./wasmedge/network-policy.ts";
