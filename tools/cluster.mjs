/**
 * `npm run cluster`: installs and builds everything, then brings up a Kubernetes control plane on loopback with a krustlet
 * node, until Ctrl-C.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { announce, environment, preparation, root, runSteps } from "./steps.mjs";

await runSteps(preparation);

announce("Starting the cluster");
const program = [
  "node",
  "--conditions=@krustlet/source",
  join(root, "tools", "control-plane", "src", "bin", "cluster.ts"),
];
// Whatever ends this process takes the cluster with it.
const child = spawn("setpriv", ["--pdeathsig", "TERM", ...program], { env: environment, stdio: "inherit" });
child.once("error", (error) => {
  process.stderr.write(`setpriv: ${error.message}\n`);
  process.exit(127);
});
child.once("exit", (code) => process.exit(code ?? 1));
// A terminal's Ctrl-C reaches both; the cluster takes itself down, and this waits for it.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
// npm hands a signal on to its shell only, which ends without this process.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) child.kill("SIGTERM");
}, 1000).unref();
