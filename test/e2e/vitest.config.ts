import { defineConfig } from "vitest/config";

/** As a user does it: the built `./krustlet`, real modules, a real registry. `npm test` builds first. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    globalSetup: ["global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Each test is a process or two of its own; two files at a time is what two cores bear.
    maxWorkers: 2,
  },
});
