import { readFile } from "node:fs/promises";

import { buildCncfArtifact, pushArtifact } from "@krustlet/testkit";
import type { TestRegistry } from "@krustlet/testkit";

import { demo } from "../krustlet.ts";

/** What a pod says so that Krustlet's taints let it in. */
const TOLERATIONS = ["NoSchedule", "NoExecute"].map((effect) => ({
  key: "kubernetes.io/arch",
  operator: "Equal",
  value: "wasm32-wasi",
  effect,
}));

/** Pushes the scriptable demo module to a registry, and gives its reference. */
export async function pushExerciser(registry: TestRegistry): Promise<string> {
  const module = await readFile(demo("exerciser", "build", "exerciser.wasm"));
  await pushArtifact(buildCncfArtifact(module), { url: registry.url, repository: "exerciser", tag: "v1" });
  return `${registry.host}/exerciser:v1`;
}

/** A Pod for a node; `containers` and whatever else of its spec. */
export function wasmPod(
  node: string,
  name: string,
  spec: Readonly<Record<string, unknown>> & { readonly containers: readonly object[] },
): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      nodeSelector: { "krustlet.dev/test-node": node },
      restartPolicy: "Never",
      tolerations: TOLERATIONS,
      terminationGracePeriodSeconds: 2,
      ...spec,
    },
  };
}
