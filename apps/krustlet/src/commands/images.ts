import { KrustletError } from "@krustlet/interface";
import type { StoredImage } from "@krustlet/interface";

import type { CommandContext } from "../command.ts";
import { composeImageStore, composeInitOf } from "../compose.ts";
import { bytesText } from "../terminal/pull-progress.ts";
import { tableOf } from "../terminal/table.ts";

/** `krustlet images`, `krustlet images rm <image>…`, `krustlet images prune` */
export async function images(context: CommandContext): Promise<number> {
  const { host, line } = context;
  const [verb, ...references] = line.positionals;
  await using store = await composeImageStore(composeInitOf(context));
  switch (verb) {
    case undefined: {
      const list = await store.list();
      await host.stdout.write(line.text("output") === "json" ? jsonOf(list) : textOf(list));
      return 0;
    }
    case "rm": {
      if (references.length === 0)
        throw new KrustletError("InvalidUsage", "krustlet images rm needs an image");
      for (const reference of references) {
        if (!(await store.remove(reference))) {
          throw new KrustletError("ImageNotFound", `${reference}: there is no such image on this machine`);
        }
        await host.stdout.write(`${reference}\n`);
      }
      return 0;
    }
    case "prune": {
      // Somebody waits for it: what was pulled a moment ago and is not needed goes, too. What is being pulled is leased.
      const { removed, freed } = await store.collectGarbage({ minAge: 0 });
      for (const reference of removed) await host.stdout.write(`${reference}\n`);
      await host.stdout.write(`${bytesText(freed)} freed\n`);
      return 0;
    }
    default:
      throw new KrustletError("InvalidUsage", `krustlet images knows rm and prune, not "${verb}"`);
  }
}

function textOf(list: readonly StoredImage[]): string {
  const rows = list.map(({ image, pulledAt }) => [
    image.reference,
    image.module.digest.replace(/^sha256:/u, "").slice(0, 12),
    image.kind,
    bytesText(image.size),
    pulledAt.toISOString().replace(/\.\d+Z$/u, "Z"),
  ]);
  return tableOf([["REFERENCE", "MODULE", "KIND", "SIZE", "PULLED"], ...rows]);
}

function jsonOf(list: readonly StoredImage[]): string {
  return list
    .map(
      ({ image, pulledAt, lastUsedAt }) =>
        `${JSON.stringify({
          reference: image.reference,
          imageID: image.imageID,
          kind: image.kind,
          digest: image.module.digest,
          size: image.size,
          pulledAt,
          lastUsedAt,
        })}\n`,
    )
    .join("");
}
