// `npm run bench [-- --write] [-- --quick] [-- start sleepers kernels process]`: speed and memory as one table, with the
// machine's name. --write puts the table into docs/benchmarks.md. Build first: the last item runs `./krustlet`.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { machineOf, occasionOf } from "./machine.ts";
import { measureKernels } from "./measure-kernels.ts";
import { measureProcess } from "./measure-process.ts";
import { measureSleepers } from "./measure-sleepers.ts";
import { measureStart } from "./measure-start.ts";
import { WASMTIME } from "./start-peer.ts";
import { geometricMean, median, quantile } from "./statistics.ts";

interface Row {
  readonly what: string;
  readonly found: number;
  readonly target: number;
  readonly unit: string;
  readonly digits: number;
}

const items = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const quick = process.argv.includes("--quick");
const rows: Row[] = [];
const tables: string[] = [];
const machine = machineOf();

function wanted(item: string): boolean {
  const is = items.length === 0 || items.includes(item);
  if (is) process.stderr.write(`${item} …\n`);
  return is;
}

function row(what: string, found: number, target: number, unit: string, digits: number = 2): void {
  rows.push({ what, found, target, unit, digits });
}

if (wanted("start")) {
  const times = await measureStart(quick ? 100 : 1000);
  row("start of a cached container to its first output, p50", median(times), 1, "ms");
  tables.push(
    `Start to first output: p90 ${quantile(times, 0.9).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms.`,
  );
}

if (wanted("sleepers")) {
  for (const [count, kilobytes] of [
    [1000, 60],
    [5000, 50],
  ] as const) {
    const found = await measureSleepers(count);
    const title = `${count.toLocaleString("en")} sleeping containers`;
    if (found.lateness.length < count) throw new Error(`only ${found.lateness.length} of ${count} woke up`);
    // The issue gives a time for the first thousand: a thousand in two seconds.
    row(`${title}: all started`, found.startMs / 1000, (2 * count) / 1000, "s");
    row(`${title}: memory (RSS) each`, found.rssEach / 1000, kilobytes, "kB", 1);
    row(`${title}: CPU of the process, of one core`, found.cpuShare * 100, 1, "%");
    row(`${title}: wake-up late by, p99`, quantile(found.lateness, 0.99), 5, "ms");
  }
}

if (wanted("kernels")) {
  const found = await measureKernels(quick ? 3 : 11, (name) => process.stderr.write(`  ${name}\n`));
  const mean = (ratio: (of: (typeof found)[number]) => number): number => geometricMean(found.map(ratio));
  row(
    `CPU-bound, own thread ÷ wasmtime ${WASMTIME}`,
    mean((of) => of.isolated / of.wasmtime),
    0.95,
    "×",
  );
  row(
    `CPU-bound, metered ÷ wasmtime ${WASMTIME} with epochs`,
    mean((of) => of.metered / of.wasmtimeEpoch),
    0.8,
    "×",
  );
  row(
    "CPU-bound, metered ÷ own thread",
    mean((of) => of.metered / of.isolated),
    1.15,
    "×",
  );
  tables.push(
    [
      "| program | own thread | wasmtime | ratio | metered | wasmtime, epochs | ratio | metered ÷ own thread |",
      "|---|---|---|---|---|---|---|---|",
      ...found.map((of) => {
        const cells = [
          of.name,
          `${of.isolated.toFixed(1)} ms`,
          `${of.wasmtime.toFixed(1)} ms`,
          (of.isolated / of.wasmtime).toFixed(2),
          `${of.metered.toFixed(1)} ms`,
          `${of.wasmtimeEpoch.toFixed(1)} ms`,
          (of.metered / of.wasmtimeEpoch).toFixed(2),
          (of.metered / of.isolated).toFixed(2),
        ];
        return `| ${cells.join(" | ")} |`;
      }),
    ].join("\n"),
  );
}

if (wanted("process")) {
  const { node, krustlet } = measureProcess(quick ? 7 : 31);
  row("`krustlet run hello.wasm`, whole process ÷ `node -e 0`", median(krustlet) / median(node), 3, "×");
  tables.push(
    `Whole processes: \`node -e 0\` ${median(node).toFixed(0)} ms, \`krustlet run hello.wasm\` ${median(krustlet).toFixed(0)} ms.`,
  );
}

const report = [
  `${machine}  \n${occasionOf()}`,
  [
    "| what | found | target | |",
    "|---|---|---|---|",
    ...rows.map(({ what, found, target, unit, digits }) => {
      const verdict = found <= target ? "met" : "**missed**";
      return `| ${what} | ${found.toFixed(digits)} ${unit} | ≤ ${target} ${unit} | ${verdict} |`;
    }),
  ].join("\n"),
  ...tables,
].join("\n\n");
process.stdout.write(`${report}\n`);

if (process.argv.includes("--write")) {
  const path = join(dirname(import.meta.dirname), "docs", "benchmarks.md");
  const text = readFileSync(path, "utf8");
  const marks = /(<!-- figures -->)[^]*(<!-- \/figures -->)/;
  if (!marks.test(text)) throw new Error(`${path} has no <!-- figures --> to put the table between`);
  writeFileSync(
    path,
    text.replace(marks, (_, open: string, close: string) => `${open}\n\n${report}\n\n${close}`),
  );
  process.stderr.write(`Written to ${path}\n`);
}
