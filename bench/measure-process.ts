import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { moduleOf } from "./module-of.ts";

function timed(program: string, args: readonly string[]): number {
  const begun = performance.now();
  const result = spawnSync(program, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  const took = performance.now() - begun;
  if (result.status !== 0) throw new Error(`${program} ended with ${result.status}: ${result.stderr}`);
  return took;
}

/** Milliseconds of whole processes, one after the other in each round. */
export function measureProcess(rounds: number): { readonly node: number[]; readonly krustlet: number[] } {
  const launcher = join(dirname(import.meta.dirname), "krustlet");
  const module = moduleOf("guests/hello.c").path;
  const node: number[] = [];
  const krustlet: number[] = [];
  for (let round = -3; round < rounds; round++) {
    const one = timed(process.execPath, ["-e", "0"]);
    const two = timed(launcher, ["run", module]);
    if (round < 0) continue;
    node.push(one);
    krustlet.push(two);
  }
  return { node, krustlet };
}
