import { describeRuntime } from "@krustlet/testkit";
import { createWasmerRuntime } from "../src/index.ts";

describeRuntime("wasmer", {
  create: () => createWasmerRuntime(),
  cannot: { listen: /has no sockets; run it with the runtime wasi/, signals: undefined },
});
