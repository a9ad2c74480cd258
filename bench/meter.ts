// What metering costs: each kernel unmetered and metered, interleaved in one process, the minimum of both.
// Run: node --conditions=@krustlet/source bench/meter.ts [rounds]
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { meterModule } from "../packages/runtime-wasi/src/meter/meter-module.ts";
import { compileC, runMetered, runPlain } from "../packages/runtime-wasi/test/meter/run-guest.ts";

const rounds = Number(process.argv[2] ?? 30);
const sizes: Record<string, string> = {
  compress: "256",
  fib: "30",
  machine: "10000",
  nbody: "150000",
  sha256: "2",
  sieve: "2000000",
  sort: "40000",
};

function timed(run: () => string): { ms: number; output: string } {
  const start = performance.now();
  const output = run();
  return { ms: performance.now() - start, output };
}

const directory = new URL("kernels/", import.meta.url);
const names = readdirSync(directory)
  .filter((name) => name.endsWith(".c"))
  .map((name) => name.slice(0, -2));

console.log(
  `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, minimum of ${rounds} rounds\n`,
);
console.log("| kernel | unmetered ms | metered ms | ratio |");
console.log("|---|---|---|---|");
let product = 1;
for (const name of names) {
  const original = compileC(new URL(`${name}.c`, directory).pathname);
  const plain = new WebAssembly.Module(original);
  const metered = meterModule(original);
  const module = new WebAssembly.Module(metered.bytes);
  const args = [name, sizes[name] ?? "1"];
  let best = Number.POSITIVE_INFINITY;
  let bestMetered = Number.POSITIVE_INFINITY;
  for (let round = -5; round < rounds; round++) {
    const a = timed(() => runPlain(plain, args));
    const b = timed(() => runMetered(metered, module, args));
    if (a.output !== b.output) throw new Error(`${name}: ${a.output} but metered ${b.output}`);
    if (round < 0) continue;
    best = Math.min(best, a.ms);
    bestMetered = Math.min(bestMetered, b.ms);
  }
  product *= bestMetered / best;
  console.log(
    `| ${name} | ${best.toFixed(2)} | ${bestMetered.toFixed(2)} | ${(bestMetered / best).toFixed(3)} |`,
  );
}
console.log(`\ngeometric mean of the ratios: ${(product ** (1 / names.length)).toFixed(3)}`);
