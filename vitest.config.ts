import { defineConfig } from "vitest/config";

const conditions = ["@krustlet/source"];

export default defineConfig({
  resolve: { conditions: [...conditions, "module", "node", "import", "default"] },
  ssr: { resolve: { conditions: [...conditions, "module", "node", "import", "default"] } },
  test: {
    include: ["{packages,apps}/*/test/**/*.test.ts"],
    typecheck: {
      enabled: true,
      include: ["{packages,apps}/*/test/**/*.test-d.ts"],
      tsconfig: "./tsconfig.json",
      ignoreSourceErrors: true,
    },
    restoreMocks: true,
    execArgv: ["--conditions=@krustlet/source"],
  },
});
