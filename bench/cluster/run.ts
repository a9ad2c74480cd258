// `npm run bench:cluster [-- --pods 110] [-- --idle SECONDS] [-- krustlet kwok]`: how fast a node runs pods, in a cluster
// of its own each, watched from outside. Build first. The table is as docs/benchmarks.md has it.
import { parseArgs } from "node:util";
import { startControlPlane } from "../../tools/control-plane/src/start-control-plane.ts";
import { machineOf, occasionOf } from "../machine.ts";
import { quantile } from "../statistics.ts";
import { openApi } from "./api-client.ts";
import type { NodeFound } from "./measure-node.ts";
import { measureNode } from "./measure-node.ts";
import { NODES } from "./measured-nodes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pods: { type: "string", default: "110" },
    idle: { type: "string", default: "15" },
  },
});
const count = Number(values.pods);
const idleMs = Number(values.idle) * 1000;
const wanted = positionals.length === 0 ? Object.keys(NODES) : positionals;
const machine = machineOf();

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const rows: readonly (readonly [string, (found: NodeFound, single: NodeFound) => string])[] = [
  ["a single pod: created until seen Running", (_, single) => seconds(single.starts[0] ?? Number.NaN)],
  [`${count} pods at once: start p50`, ({ starts }) => seconds(quantile(starts, 0.5))],
  ["start p99", ({ starts }) => seconds(quantile(starts, 0.99))],
  ["pods in a second", ({ allRunning }) => ((count * 1000) / allRunning).toFixed(1)],
  ["status writes of a pod until Running", ({ writesToRunning }) => writesToRunning.toFixed(2)],
  ["status writes of a pod's life", ({ writes }) => writes.toFixed(2)],
  ["all deleted again", ({ allGone }) => seconds(allGone)],
  ["CPU for each pod until all run", ({ cpuPerPod }) => `${cpuPerPod.toFixed(1)} ms`],
  ["memory (RSS of the process tree) without pods", ({ restRss }) => `${(restRss / 1e6).toFixed(0)} MB`],
  ["memory for each pod", ({ rssPerPod }) => `${(rssPerPod / 1e6).toFixed(3)} MB`],
  [
    "Events told after all run, and CPU until then, of one core",
    ({ tellingMs, telling }) => `${seconds(tellingMs)}, ${(telling * 100).toFixed(1)} %`,
  ],
  ["CPU after that, while all sleep, of one core", ({ idle }) => `${(idle * 100).toFixed(1)} %`],
  ["longest time between two renewals of the Lease", ({ leaseGap }) => seconds(leaseGap)],
];

const found: { readonly name: string; readonly many: NodeFound; readonly single: NodeFound }[] = [];
for (const name of wanted) {
  const start = NODES[name];
  if (start === undefined)
    throw new Error(`There is no node ${name}; there are ${Object.keys(NODES).join(", ")}.`);
  process.stderr.write(`${name} …\n`);
  await using cluster = await startControlPlane({ report: (line) => process.stderr.write(`${line}\n`) });
  using api = openApi(cluster.adminKubeconfig);
  await using node = await start(cluster, api, count);
  const single = await measureNode(api, node, 1, 1000);
  found.push({ name, single, many: await measureNode(api, node, count, idleMs) });
}

process.stdout.write(`\n${machine}  \n${occasionOf()}\n\n`);
process.stdout.write(
  `| | ${found.map(({ name }) => name).join(" | ")} |\n|---|${found.map(() => "---|").join("")}\n`,
);
for (const [what, show] of rows) {
  process.stdout.write(`| ${what} | ${found.map(({ many, single }) => show(many, single)).join(" | ")} |\n`);
}
