/**
 * What `npm start`, `npm test` and `npm run cluster` share: the project's own programs, run step by step with their times.
 * Plain JavaScript without dependencies: it runs on the system's Node 20, before anything is installed.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's top directory. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The version of pnpm that wrote the lockfile. */
const PNPM = "pnpm@12.21.0";

/** The project's Node (26, from npm), tsc, turbo, vitest … come first; nothing reports home. */
export const environment = {
  ...process.env,
  PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`,
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
  NO_UPDATE_NOTIFIER: "1",
};

/** Runs a program with this one's terminal and resolves with its exit code (127 where there is no such program). */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...environment, ...options.env },
      stdio: [options.stdin ?? "ignore", "inherit", "inherit"],
    });
    child.once("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.once("exit", (code, signal) => {
      if (signal !== null) process.stderr.write(`${command}: ended by ${signal}\n`);
      resolve(code ?? 1);
    });
  });
}

/** Runs a program and shows what it printed only when it fails. */
function runQuietly(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const printed = [];
    child.stdout.on("data", (chunk) => printed.push(chunk));
    child.stderr.on("data", (chunk) => printed.push(chunk));
    child.once("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.once("close", (code) => {
      if (code !== 0) process.stdout.write(Buffer.concat(printed));
      resolve(code ?? 1);
    });
  });
}

/** Whether node_modules holds just what the lockfile says. */
function installed() {
  const record = join(root, "node_modules", ".pnpm", "lock.yaml");
  if (!existsSync(record) || !existsSync(join(root, "node_modules", ".bin", "node"))) return false;
  return readFileSync(record, "utf8") === readFileSync(join(root, "pnpm-lock.yaml"), "utf8");
}

/** Installs the npm dependencies that the lockfile names. Does nothing, and needs no network, where they are there. */
export async function installDependencies() {
  if (installed()) {
    process.stdout.write("The dependencies are those of pnpm-lock.yaml.\n");
    return 0;
  }
  return run("npx", ["-y", PNPM, "install", "--frozen-lockfile"]);
}

/** Builds every package and the app, in the order of their dependencies. */
export function build() {
  return runQuietly("turbo", ["run", "build", "--output-logs=errors-only", "--log-order=grouped"]);
}

/** Checks every package as it would be published: publint, attw. */
export function checkPackages() {
  return runQuietly("turbo", ["run", "check:package", "--output-logs=errors-only", "--log-order=grouped"]);
}

/** Compiles the demos for which this machine has compilers. */
export function buildDemos(args = []) {
  return run("node", [join("demos", "build.mjs"), ...args]);
}

/** `12.3 s` since `start`, a `performance.now()`. */
export function elapsed(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Announces a step. */
export function announce(title) {
  process.stdout.write(`\n▸ ${title}\n`);
}

/** Runs steps one after the other, each with its time; the first that fails ends this process with its exit code. */
export async function runSteps(steps) {
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
}

/** What comes before anything of the checkout can run. */
export const preparation = [
  { title: "Installing dependencies", step: installDependencies },
  { title: "Building the packages", step: build },
  { title: "Compiling the demos", step: () => buildDemos(["--brief"]) },
];
