import { join } from "node:path";
import type { V1Container, V1ObjectMeta, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { checkout } from "../krustlet.ts";

/** The image of a demo's module, read from this machine's disk. */
export function localImage(demo: string, module: string = demo): string {
  return `fs/${join(checkout, "demos", demo, "build", `${module}.wasm`)}`;
}

/** The exerciser: one module for any scenario; demos/exerciser/README.md has its commands. */
const EXERCISER: string = localImage("exerciser");

/** The exerciser's command that prints a text. */
export function say(text: string): string {
  return `write(lit:${text})to(stm:stdout)`;
}

/** A container that runs the exerciser. */
export function exerciser(args: readonly string[], more: Partial<V1Container> = {}): V1Container {
  return { name: "main", image: EXERCISER, args: [...args], ...more };
}

/** A pod that runs once, in a namespace. */
export function podOf(
  name: string,
  containers: readonly V1Container[],
  spec: Partial<V1PodSpec> = {},
  metadata: Partial<V1ObjectMeta> = {},
): V1Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...metadata },
    spec: { restartPolicy: "Never", containers: [...containers], ...spec },
  };
}
