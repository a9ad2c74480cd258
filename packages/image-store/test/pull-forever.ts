/** A process that pulls into the store at argv[2] until it is killed: images change under their tags all the time. */
import { openImageStore } from "../src/index.ts";
import { imageOf, TEXTS } from "./changing-images.ts";
import { ShelfPuller } from "./shelf-puller.ts";

const puller = new ShelfPuller();
const store = await openImageStore({ directory: process.argv[2] ?? "", puller });
process.stdout.write("ready\n");
for (let round = Number(process.argv[3] ?? 0); ; round += 1) {
  const text = TEXTS[round % TEXTS.length] ?? "a0";
  puller.images.set(`shelf/${text[0]}:1`, imageOf(text));
  await store.ensure(`${text[0]}:1`, { policy: "Always" });
  if (round % 9 === 8) await store.collectGarbage({ minAge: 0, all: true });
}
