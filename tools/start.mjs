/**
 * `npm start`: installs everything, builds, compiles the demos, and runs one of them.
 * `npm start -- <manifest> [options of krustlet run]` runs another.
 */
import { preparation, root, run, runSteps } from "./steps.mjs";
import { join } from "node:path";

const demo = process.argv.length > 2 ? process.argv.slice(2) : [join("demos", "shared-volume", "pod.yaml")];

await runSteps([
  ...preparation,
  {
    title: `./krustlet run ${demo.join(" ")}`,
    step: () => run(join(root, "krustlet"), ["run", ...demo], { stdin: "inherit" }),
  },
]);
