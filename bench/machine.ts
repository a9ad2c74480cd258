import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, hostname, loadavg, release, totalmem } from "node:os";

/** One line that says which machine the figures are from. */
export function machineOf(name: string = process.env["BENCH_MACHINE"] ?? hostname()): string {
  const processor = (cpus()[0]?.model ?? "unknown processor").trim();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()[0]?.toFixed(2);
  return `${name}: ${processor}, ${availableParallelism()} cores, ${memory}, Linux ${release()}, Node ${process.version}, V8 ${process.versions["v8"]}, load ${load}`;
}

/** The day and the commit that the figures are of. */
export function occasionOf(): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  return `${new Date().toISOString().slice(0, 10)}, commit ${commit}`;
}
