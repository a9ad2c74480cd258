/** A process that pulls into the store at argv[2] until it is killed: images change under their tags all the time. */
import { openImageStore } from "../src/index.ts";
import { moduleOf, ShelfPuller } from "./shelf-puller.ts";

const puller = new ShelfPuller();
puller.pause = () => Promise.resolve();
const store = await openImageStore({ directory: process.argv[2] ?? "", puller });
process.stdout.write("ready\n");
for (let round = Number(process.argv[3] ?? 0); ; round += 1) {
  for (const name of ["a", "b"]) {
    const text = `${name}${round % 7}`;
    puller.images.set(`shelf/${name}:1`, { module: moduleOf(text, 40_000), files: { f1: text, f2: text } });
    await store.ensure(`${name}:1`, { policy: "Always" });
  }
  if (round % 5 === 4) await store.collectGarbage({ minAge: 0, all: true });
}
