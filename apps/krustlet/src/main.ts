import { EXIT_REFUSED } from "./exit-status.ts";
import { errorText } from "./report-error.ts";
import { startWasiRuntimeEarly } from "./wasi-runtime.ts";

const args = process.argv.slice(2);
if (args[0] === "run" && !args.includes("--runtime") && !args.includes("--help")) startWasiRuntimeEarly();
// What nobody expected is told in one sentence, too.
const fail = (error: unknown): never => {
  process.stderr.write(errorText(error, args.includes("--verbose")));
  process.exit(EXIT_REFUSED);
};
process.on("uncaughtException", fail).on("unhandledRejection", fail);
// Everything else is evaluated while the thread starts.
const { nodeHost } = await import("./node-host.ts");
const { runCli } = await import("./run-cli.ts");
process.exit(await runCli(args, nodeHost()));
