import { KrustletError } from "@krustlet/interface";

import type { CommandContext } from "../command.ts";
import { composeImageStore, composeInitOf } from "../compose.ts";
import { pullPrinter, silentPullPrinter } from "../terminal/pull-progress.ts";

/** `krustlet pull <image>…` */
export async function pull(context: CommandContext): Promise<number> {
  const { host, line } = context;
  if (line.positionals.length === 0) throw new KrustletError("InvalidUsage", "krustlet pull needs an image");
  await using store = await composeImageStore(composeInitOf(context));
  for (const reference of line.positionals) {
    const printer = line.flag("quiet") ? silentPullPrinter() : pullPrinter(host, () => performance.now());
    try {
      const { image } = await store.ensure(reference, { policy: "Always", onProgress: printer.show });
      await printer.finish();
      await host.stdout.write(`${image.imageID}\n`);
    } finally {
      await printer.finish();
    }
  }
  return 0;
}
