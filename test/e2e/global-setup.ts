import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { compileGuests } from "./compile-guests.ts";
import { checkout } from "./krustlet.ts";

/** Compiles the demos and the guests, where they are not up to date. */
export function setup(): void {
  const demos = spawnSync("node", [join(checkout, "demos", "build.mjs"), "--brief"], { encoding: "utf8" });
  if (demos.status !== 0) throw new Error(`The demos do not compile.\n${demos.stdout}${demos.stderr}`);
  compileGuests();
}
