import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** Those that wait most of their time, the longest first: what has to be computed is done beside them. */
const WAITING = ["outages", "silence", "faults", "expiring-certificates", "clock"];

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = WAITING.indexOf(basename(moduleId, ".test.ts"));
      return at < 0 ? WAITING.length : at;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- a sequencer's method, of no array
    const others = await super.sort(files);
    return others.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Krustlet in a real cluster. One control plane serves all files; what breaks one brings up its own. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    globalSetup: ["global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A node is a process with threads of its own; what two cores bear beside the control plane.
    maxWorkers: 2,
    sequence: { sequencer: WaitingFirst },
  },
});
