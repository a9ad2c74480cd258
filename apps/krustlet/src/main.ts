import { startWasiRuntimeEarly } from "./wasi-runtime.ts";

const args = process.argv.slice(2);
if (args[0] === "run" && !args.includes("--runtime") && !args.includes("--help")) startWasiRuntimeEarly();
// Everything else is evaluated while the thread starts.
const { nodeHost } = await import("./node-host.ts");
const { runCli } = await import("./run-cli.ts");
process.exit(await runCli(args, nodeHost()));
