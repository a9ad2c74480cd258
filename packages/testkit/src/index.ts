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
export type {
  RuntimeCapability,
  RuntimeContext,
  RuntimeSuite,
  RuntimeSuitePart,
} from "./describe-runtime.ts";
export { eventually } from "./eventually.ts";
export {
  encodeComponent,
  encodeCustomSection,
  encodeLeb,
  encodeModule,
  encodeSection,
  encodeText,
  encodeVector,
} from "./encode-wasm.ts";
export { startCsiDriver } from "./start-csi-driver.ts";
export type { CsiCall, CsiDriverInit, CsiMethod, TestCsiDriver } from "./start-csi-driver.ts";
export { FakeClock } from "./fake-clock.ts";
export { MACHINE } from "./machine.ts";
export type { MeasuredMachine } from "./machine.ts";
export {
  buildArtifact,
  buildCncfArtifact,
  buildImage,
  buildIndex,
  buildOrasArtifact,
  buildWasmLayerImage,
  buildWasmToOciArtifact,
  sha256Of,
} from "./build-artifact.ts";
export type { Artifact, ArtifactBlob, ArtifactInit, ImageInit } from "./build-artifact.ts";
export { pushArtifact } from "./push-artifact.ts";
export type { PushTarget } from "./push-artifact.ts";
export { selfSignedCertificate } from "./self-signed-certificate.ts";
export type { SelfSigned } from "./self-signed-certificate.ts";
export { REGISTRY_LOGIN, startRegistry } from "./start-registry.ts";
export type { RegistryOptions, TestRegistry } from "./start-registry.ts";
export { startTokenServer } from "./start-token-server.ts";
export type { TokenAnswer, TokenQuestion, TokenServer } from "./start-token-server.ts";
export { useCompileCache } from "./use-compile-cache.ts";
export { paxEntry, tarArchive } from "./tar-archive.ts";
export type { TarFile } from "./tar-archive.ts";
