import { describeRuntime } from "@krustlet/testkit";
import { createWasiRuntime } from "../src/index.ts";

describeRuntime("wasi", { create: () => createWasiRuntime() });
