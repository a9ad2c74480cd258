import { KrustletError } from "@krustlet/interface";

import type { CommandContext } from "../command.ts";
import { effectiveConfiguration } from "../config/effective-configuration.ts";
import { openNodeLog } from "../log/node-log.ts";
import { readNodeConfig } from "../node/read-node-config.ts";
import { runNode } from "../node/run-node.ts";
import { version } from "../version.ts";

export { nodeOptions } from "../config/node-options.ts";

/** `krustlet node` */
export async function node(context: CommandContext): Promise<number> {
  const { host, line, verbose } = context;
  const [extra] = [...line.positionals, ...(line.rest ?? [])];
  if (extra !== undefined)
    throw new KrustletError("InvalidUsage", `krustlet node takes options only, not "${extra}"`);
  const { config, warnings } = await readNodeConfig(context);
  if (line.flag("show-config")) {
    await host.stdout.write(`${JSON.stringify(effectiveConfiguration(config), undefined, 2)}\n`);
    return 0;
  }
  await using opened = openNodeLog({
    verbosity: verbose ? Math.max(config.verbosity, 4) : config.verbosity,
    format: config.logFormat,
    stderr: host.stderr,
    toDescriptor: host.endsProcess,
  });
  const { log, checkLog } = opened;
  log.info({ version: version(), node: config.nodeName, root: config.root }, "krustlet node");
  for (const warning of warnings) log.warn(warning);
  return await runNode({ config, host, log, checkLog });
}
