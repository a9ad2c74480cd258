import { defineConfig } from "vitest/config";

const conditions = ["@krustlet/source"];

export default defineConfig({
  resolve: { conditions: [...conditions, "module", "node", "import", "default"] },
  ssr: { resolve: { conditions: [...conditions, "module", "node", "import", "default"] } },
  test: {
    include: ["{packages,apps,tools}/*/test/**/*.test.ts"],
    typecheck: {
      enabled: true,
      include: ["{packages,apps}/*/test/**/*.test-d.ts"],
      tsconfig: "./tsconfig.json",
      ignoreSourceErrors: true,
    },
    restoreMocks: true,
    // Tests take milliseconds; these only end what hangs, and must not end what a busy machine holds up.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    execArgv: ["--conditions=@krustlet/source"],
  },
});
