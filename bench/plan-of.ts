import { randomBytes } from "node:crypto";
import type { ContainerPlan } from "../packages/interface/src/index.ts";

/** A container with nothing but a module and arguments. */
export function planOf(
  module: ContainerPlan["module"],
  args: readonly string[] = [],
  isolated: boolean = false,
): ContainerPlan {
  return {
    id: randomBytes(32).toString("hex"),
    pod: { namespace: "bench", name: "bench", uid: "0" },
    name: "main",
    module,
    args: ["main", ...args],
    env: {},
    mounts: [],
    listen: [],
    resources: {},
    isolated,
  };
}
