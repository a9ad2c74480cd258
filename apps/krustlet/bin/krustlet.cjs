#!/usr/bin/env sh
// 2>/dev/null; exec node -- "$0" "$@"
/**
 * Starts krustlet under any Node that npm supports. To a shell, all of it is the line above, which is a comment to Node:
 * without a --, Node takes --env-file, which is the guest's, for its own.
 *
 * The guests' waiting calls need WebAssembly's JavaScript promise integration, on by default since Node 24.21; an older Node
 * hands over to the one of the npm package `node`, if that is installed, and says so if it is not.
 */
"use strict";

if (typeof WebAssembly === "object" && "Suspending" in WebAssembly && typeof DisposableStack === "function") {
  require("../dist/start.cjs");
} else {
  handOver();
}

function handOver() {
  const node = findNode();
  if (node === undefined || process.env.KRUSTLET_HANDED_OVER === "1") {
    process.stderr.write(
      `krustlet: Node ${process.versions.node} is too old to run WebAssembly that waits; ` +
        "use Node 24.21 or newer, or install one beside krustlet with: npm install node@26\n",
    );
    process.exit(125);
  }
  const { spawn } = require("node:child_process");
  const child = spawn(node, ["--", ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, KRUSTLET_HANDED_OVER: "1" },
  });
  // The terminal sends Ctrl-C to both; other signals come to this process alone.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`krustlet: ${node} cannot be started: ${error.message}\n`);
    process.exit(125);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 125);
    process.kill(process.pid, signal);
  });
}

function findNode() {
  try {
    return require.resolve("node/bin/node");
  } catch {
    return undefined;
  }
}
