import type { V1Pod } from "@kubernetes/client-node";
import { expectTypeOf, it } from "vitest";

import type { EvictionPod } from "../src/index.ts";

it("takes Pods as the API's types have them", () => {
  expectTypeOf<V1Pod>().toExtend<EvictionPod>();
});
