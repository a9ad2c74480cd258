// `npm run bench:cluster [-- --pods 110] [-- --idle SECONDS] [-- krustlet kwok]`: how fast a node runs pods, in a cluster
// of its own each, watched from outside. Build first. The table is as docs/benchmarks.md has it.
// Any other node, of a cluster that there is: `-- --kubeconfig FILE --node NAME --image IMAGE [--arg ARG …] [--pid PID]`, an
// administrator's kubeconfig with a client certificate, and the node's process where it runs on this machine.
import { parseArgs } from "node:util";
import { startControlPlane } from "../../tools/control-plane/src/start-control-plane.ts";
import { machineOf, occasionOf } from "../machine.ts";
import { quantile } from "../statistics.ts";
import type { ApiClient } from "./api-client.ts";
import { openApi } from "./api-client.ts";
import type { NodeFound } from "./measure-node.ts";
import { measureNode } from "./measure-node.ts";
import type { MeasuredNode } from "./measured-nodes.ts";
import { NODES } from "./measured-nodes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pods: { type: "string", default: "110" },
    idle: { type: "string", default: "15" },
    kubeconfig: { type: "string" },
    node: { type: "string" },
    image: { type: "string" },
    arg: { type: "string", multiple: true },
    pid: { type: "string" },
  },
});
const count = Number(values.pods);
const idleMs = Number(values.idle) * 1000;
const own = positionals.length === 0 && values.node === undefined ? Object.keys(NODES) : positionals;
const machine = machineOf();

const unknown = "–";
const milliseconds = (ms: number): string => (Number.isNaN(ms) ? unknown : `${ms.toFixed(1)} ms`);
const megabytes = (bytes: number, digits: number): string =>
  Number.isNaN(bytes) ? unknown : `${(bytes / 1e6).toFixed(digits)} MB`;
const percent = (share: number): string => (Number.isNaN(share) ? unknown : `${(share * 100).toFixed(1)} %`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const rows: readonly (readonly [string, (found: NodeFound, single: NodeFound) => string])[] = [
  ["a single pod: created until seen Running", (_, single) => seconds(single.starts[0] ?? Number.NaN)],
  [`${count} pods at once: start p50`, ({ starts }) => seconds(quantile(starts, 0.5))],
  ["start p99", ({ starts }) => seconds(quantile(starts, 0.99))],
  ["pods in a second", ({ allRunning }) => ((count * 1000) / allRunning).toFixed(1)],
  ["status writes of a pod until Running", ({ writesToRunning }) => writesToRunning.toFixed(2)],
  ["status writes of a pod's life", ({ writes }) => writes.toFixed(2)],
  ["all deleted again", ({ allGone }) => seconds(allGone)],
  ["CPU for each pod until all run", ({ cpuPerPod }) => milliseconds(cpuPerPod)],
  ["memory (RSS of the process tree) without pods", ({ restRss }) => megabytes(restRss, 0)],
  ["memory for each pod", ({ rssPerPod }) => megabytes(rssPerPod, 3)],
  [
    "Events told after all run, and CPU until then, of one core",
    ({ tellingMs, telling }) => `${seconds(tellingMs)}, ${percent(telling)}`,
  ],
  ["CPU after that, while all sleep, of one core", ({ idle }) => percent(idle)],
  ["longest time between two renewals of the Lease", ({ leaseGap }) => seconds(leaseGap)],
];

const found: { readonly name: string; readonly many: NodeFound; readonly single: NodeFound }[] = [];
const measure = async (name: string, api: ApiClient, node: MeasuredNode): Promise<void> => {
  const single = await measureNode(api, node, 1, 1000);
  found.push({ name, single, many: await measureNode(api, node, count, idleMs) });
};
for (const name of own) {
  const start = NODES[name];
  if (start === undefined)
    throw new Error(`There is no node ${name}; there are ${Object.keys(NODES).join(", ")}.`);
  process.stderr.write(`${name} …\n`);
  await using cluster = await startControlPlane({ report: (line) => process.stderr.write(`${line}\n`) });
  using api = openApi(cluster.adminKubeconfig);
  await using node = await start(cluster, api, count);
  await measure(name, api, node);
}
if (values.node !== undefined) {
  const { kubeconfig, node: name, image, arg: args = [], pid } = values;
  if (kubeconfig === undefined || image === undefined)
    throw new Error("--node is measured with --kubeconfig FILE and --image IMAGE");
  using api = openApi(kubeconfig);
  const container = { image, args };
  const nobody = (): Promise<void> => Promise.resolve();
  await measure(name, api, {
    name,
    container,
    ...(pid === undefined ? {} : { pid: Number(pid) }),
    [Symbol.asyncDispose]: nobody,
  });
}

process.stdout.write(`\n${machine}  \n${occasionOf()}\n\n`);
process.stdout.write(
  `| | ${found.map(({ name }) => name).join(" | ")} |\n|---|${found.map(() => "---|").join("")}\n`,
);
for (const [what, show] of rows) {
  process.stdout.write(`| ${what} | ${found.map(({ many, single }) => show(many, single)).join(" | ")} |\n`);
}
