/**
 * `npm test`: installs everything that the tests need and runs all of them, cheapest first. Stops at the end of the
 * first step that fails. The last line is always `N passed, N failed`: every test, and every check that is not a test.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { announce, build, buildDemos, checkPackages, elapsed, installDependencies, run } from "./steps.mjs";
import { installToolchains } from "./toolchains.mjs";

const reports = mkdtempSync(join(tmpdir(), "krustlet-test-"));
process.once("exit", () => rmSync(reports, { recursive: true, force: true }));

/** Runs vitest and counts its tests; a run that reports nothing is one failure. */
async function vitest(name, args) {
  const report = join(reports, `${name}.json`);
  const code = await run("vitest", [
    "run",
    ...args,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
    // A file that does not load, or an error outside of every test, fails the run without a failed test.
    const failed = code === 0 ? numFailedTests : Math.max(numFailedTests, 1);
    return { code, passed: numPassedTests, failed };
  } catch {
    return { code: code === 0 ? 1 : code, passed: 0, failed: 1 };
  }
}

/** A step that is one check: it passes or fails as a whole. */
async function check(code) {
  const status = await code;
  return status === 0 ? { code: 0, passed: 1, failed: 0 } : { code: status, passed: 0, failed: 1 };
}

/** A step that only prepares: it counts when it fails. */
async function prepare(code) {
  const status = await code;
  return status === 0 ? { code: 0, passed: 0, failed: 0 } : { code: status, passed: 0, failed: 1 };
}

const steps = [
  { title: "Install dependencies", step: () => prepare(installDependencies()) },
  { title: "Install toolchains", step: () => prepare(installToolchains()) },
  { title: "Format", step: () => check(run("oxfmt", ["--check", "."])) },
  { title: "Lint", step: () => check(run("oxlint", ["--type-aware", "--deny-warnings"])) },
  { title: "Types", step: () => check(run("tsc", ["-p", "tsconfig.json"])) },
  { title: "Unused files, exports and dependencies", step: () => check(run("knip", ["--no-config-hints"])) },
  { title: "Room boundaries", step: () => check(run("turbo", ["boundaries"])) },
  { title: "Build", step: () => check(build()) },
  {
    title: "Packages as published (publint, attw)",
    step: () => check(checkPackages()),
  },
  { title: "Compile the demos", step: () => check(buildDemos()) },
  {
    title: "Find or build the control plane (the first time 6 to 13 minutes on two cores)",
    step: () => prepare(run("node", [join("tools", "control-plane", "src", "bin", "build.ts")])),
  },
  { title: "Unit tests", step: () => vitest("unit", []) },
  {
    title: "End-to-end tests",
    step: () => vitest("e2e", ["--config", join("test", "e2e", "vitest.config.ts")]),
  },
  {
    title: "End-to-end tests in a cluster",
    step: () => vitest("cluster", ["--config", join("test", "e2e", "cluster", "vitest.config.ts")]),
  },
];

const begun = performance.now();
const summary = [];
let passed = 0;
let failed = 0;

for (const { title, step } of steps) {
  if (failed > 0) {
    summary.push(`  not run  ${title}`);
    continue;
  }
  const start = performance.now();
  announce(title);
  const result = await step();
  passed += result.passed;
  failed += result.failed;
  const time = elapsed(start);
  process.stdout.write(`  ${result.failed === 0 ? "ok" : "failed"}, ${time}\n`);
  summary.push(`  ${result.failed === 0 ? "ok     " : "FAILED "}  ${title} (${time})`);
}

process.stdout.write(`\n${summary.join("\n")}\n\nIn ${elapsed(begun)}:\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
