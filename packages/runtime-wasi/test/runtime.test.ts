import { describeRuntime } from "@krustlet/testkit";
import { createWasiRuntime } from "../src/index.ts";

describeRuntime("wasi on shared threads", { create: () => createWasiRuntime() });
describeRuntime("wasi on threads of their own", {
  create: () => createWasiRuntime(),
  plan: { isolated: true },
  only: ["streams", "ends"],
});
