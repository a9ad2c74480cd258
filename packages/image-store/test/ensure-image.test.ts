import { rm } from "node:fs/promises";
import { expect, it } from "vitest";
import { createContent } from "../src/content.ts";
import { ensureImage } from "../src/ensure-image.ts";
import { layoutOf } from "../src/layout.ts";
import { openLease } from "../src/lease.ts";
import { openImageStore } from "../src/index.ts";
import { newOwner } from "../src/owner.ts";
import { createRecords } from "../src/records.ts";
import { createSingleFlight } from "../src/single-flight.ts";
import { createFileVerifier } from "../src/verify-file.ts";
import { openWorkspace } from "../src/workspace.ts";
import { moduleOf, ShelfPuller } from "./shelf-puller.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

it("takes an image whose module another process collects between two looks for absent", async () => {
  await using directory = await temporaryDirectory();
  const puller = new ShelfPuller();
  puller.images.set("shelf/app:v1", { module: moduleOf("one") });
  {
    await using store = await openImageStore({ directory: directory.path, puller });
    await store.ensure("app:v1", { policy: "Always" });
  }
  const layout = layoutOf(directory.path);
  const owner = newOwner();
  await using workspace = await openWorkspace(layout, owner, new Date());
  await using lease = openLease(layout, owner, workspace.fresh);
  const content = createContent({ layout, workspace, lease, verifier: createFileVerifier() });
  const ensured = ensureImage(
    "app:v1",
    { policy: "Never" },
    {
      layout,
      puller: () => Promise.resolve(puller),
      clock: { now: () => new Date() },
      records: createRecords(layout, workspace.fresh),
      content: {
        ...content,
        find: async (digest) => {
          const path = await content.find(digest);
          await rm(path ?? "", { force: true });
          return path;
        },
      },
      salt: () => Promise.resolve(Buffer.alloc(32)),
      flights: createSingleFlight(),
    },
  );
  await expect(ensured).rejects.toMatchObject({ code: "ImageNeverPull" });
});
