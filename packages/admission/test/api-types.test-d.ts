import type { V1Node, V1Pod, V1RuntimeClass } from "@kubernetes/client-node";
import { expectTypeOf, test } from "vitest";

import type { AdmissionNode, AdmissionPod, RuntimeClassLike } from "../src/index.ts";

test("what the API server gives is what admission takes", () => {
  expectTypeOf<V1Pod>().toExtend<AdmissionPod>();
  expectTypeOf<V1Node>().toExtend<AdmissionNode>();
  expectTypeOf<V1RuntimeClass>().toExtend<RuntimeClassLike>();
});
