import { defineConfig } from "vitest/config";

/** Krustlet in a real cluster. One control plane serves all files; what breaks one brings up its own. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    globalSetup: ["global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A node is a process with threads of its own; two cores bear one file at a time beside the control plane.
    maxWorkers: 1,
  },
});
