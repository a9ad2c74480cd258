import type { ClusterAddress } from "@krustlet/control-plane";
import { startControlPlane } from "@krustlet/control-plane";
import type { TestProject } from "vitest/node";
import { setup as compileDemos } from "../global-setup.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The cluster that all files share. */
    cluster: ClusterAddress;
  }
}

/** Compiles the demos and starts the control plane that all files share; `npm test` has built it before. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  compileDemos();
  const controlPlane = await startControlPlane({ report: (line) => process.stderr.write(`${line}\n`) });
  project.provide("cluster", controlPlane.address);
  return async () => controlPlane[Symbol.asyncDispose]();
}
