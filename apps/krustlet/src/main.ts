import { nodeHost } from "./node-host.ts";
import { runCli } from "./run-cli.ts";

process.exit(await runCli(process.argv.slice(2), nodeHost()));
