/**
 * `npm start`: installs everything, builds, compiles the demos, and runs one of them.
 * `npm start -- <manifest> [options of krustlet run]` runs another.
 */
import { announce, build, buildDemos, elapsed, installDependencies, root, run } from "./steps.mjs";
import { join } from "node:path";

const demo = process.argv.length > 2 ? process.argv.slice(2) : [join("demos", "shared-volume", "pod.yaml")];

const steps = [
  { title: "Installing dependencies", step: installDependencies },
  { title: "Building the packages", step: build },
  { title: "Compiling the demos", step: () => buildDemos(["--brief"]) },
  {
    title: `./krustlet run ${demo.join(" ")}`,
    step: () => run(join(root, "krustlet"), ["run", ...demo], { stdin: "inherit" }),
  },
];

for (const { title, step } of steps) {
  const start = performance.now();
  announce(title);
  const code = await step();
  if (code !== 0) {
    process.stderr.write(`\n${title}: failed with exit code ${code} after ${elapsed(start)}.\n`);
    process.exit(code);
  }
  process.stdout.write(`  ${elapsed(start)}\n`);
}
