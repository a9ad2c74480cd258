import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { ApiClient } from "./api-client.ts";
import type { MeasuredNode } from "./measured-nodes.ts";
import type { PodRecord } from "./pod-record.ts";
import { note } from "./pod-record.ts";
import { useOf } from "./process-tree.ts";

/** What was found. Times are in milliseconds, memory in bytes. */
export interface NodeFound {
  /** From before a pod was posted until it was seen Running, for each. */
  readonly starts: readonly number[];
  /** From the first post until the last pod was seen Running. */
  readonly allRunning: number;
  readonly writesToRunning: number;
  /** Status writes of a pod's whole life. */
  readonly writes: number;
  /** From the first deletion until the last pod was gone. */
  readonly allGone: number;
  /** RSS of the node's process tree without these pods, and what each of them adds to it. */
  readonly restRss: number;
  readonly rssPerPod: number;
  /** CPU milliseconds of the node's process tree for each pod, until the last one was seen Running. */
  readonly cpuPerPod: number;
  /** From the last pod seen Running until no more Events came, and CPU by that time, of one core. */
  readonly tellingMs: number;
  readonly telling: number;
  /** CPU by time, of one core, after that: all pods run, and nothing else happens. */
  readonly idle: number;
  /** The longest time between two renewals of the Lease. */
  readonly leaseGap: number;
}

/** A Lease as it comes over the wire. */
interface RenewedLease {
  readonly spec: { readonly renewTime: string };
}

/** What a list says of how long it is. */
interface EventCount {
  readonly items: readonly unknown[];
  readonly metadata: { readonly remainingItemCount?: number };
}

const NAMESPACE = "default";
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const CONNECTIONS = 8;
/** How long a node is left alone before it is measured. */
const REST_MS = 6000;
/** Seconds without a new Event after which there are no more. */
const UNCHANGED_S = 3;
/** How long everything is given; a node that locks up is a finding of its own. */
const PATIENCE_MS = 300_000;

/** Creates `count` pods as fast as eight connections can, lets them run for `idleMs`, deletes them at once, and watches from outside. */
export async function measureNode(
  api: ApiClient,
  node: MeasuredNode,
  count: number,
  idleMs: number,
): Promise<NodeFound> {
  const records = new Map<string, PodRecord>();
  let changed: () => void = () => undefined;
  await api.watch(PODS, (type, pod: V1Pod, at) => {
    const record = records.get(pod.metadata?.name ?? "");
    if (record === undefined) return;
    note(record, type, pod, at);
    changed();
  });
  const renewals: number[] = [];
  const lease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases?fieldSelector=metadata.name%3D${node.name}`;
  await api.watch(lease, (_type, { spec }: RenewedLease) => void renewals.push(Date.parse(spec.renewTime)));
  const all = async (what: string, holds: (record: PodRecord) => boolean): Promise<void> => {
    const left = (): number => [...records.values()].filter((record) => !holds(record)).length;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const giveUp = setTimeout(
      () => reject(new Error(`${node.name}: ${left()} of ${count} pods were not ${what} after 300 s`)),
      PATIENCE_MS,
    );
    while (left() > 0) await Promise.race([late, new Promise<void>((resolve) => (changed = resolve))]);
    clearTimeout(giveUp);
  };

  // What its beginning, or the pods before, have left is not these pods'.
  await sleep(REST_MS);
  const before = useOf(node.pid);
  const names = Array.from({ length: count }, (_, index) => `${node.name}-${count}-${index}`);
  const begun = performance.now();
  await eachOf(names, (name) => {
    records.set(name, { posted: performance.now(), writes: 0, writesToRunning: 0 });
    return api.send("POST", PODS, podOf(name, node));
  });
  await all("running", ({ running }) => running !== undefined);
  const found = [...records.values()];
  const allRunning = Math.max(...found.map(({ running = 0 }) => running)) - begun;

  const settled = useOf(node.pid).cpu;
  const telling = performance.now();
  await eventsTold(api);
  const told = useOf(node.pid).cpu;
  const tellingMs = performance.now() - telling;
  await sleep(idleMs);
  const idle = useOf(node.pid);
  const ending = performance.now();
  const graceful = { apiVersion: "v1", kind: "DeleteOptions" };
  await eachOf(names, (name) => api.send("DELETE", `${PODS}/${name}`, graceful));
  await all("gone", ({ deleted }) => deleted !== undefined);
  const mean = (of: (record: PodRecord) => number): number =>
    found.reduce((sum, record) => sum + of(record), 0) / count;
  return {
    starts: found.map(({ posted, running = 0 }) => running - posted),
    allRunning,
    writesToRunning: mean(({ writesToRunning }) => writesToRunning),
    writes: mean(({ writes }) => writes),
    allGone: Math.max(...found.map(({ deleted = 0 }) => deleted)) - ending,
    restRss: before.rss,
    rssPerPod: (idle.rss - before.rss) / count,
    cpuPerPod: ((settled - before.cpu) * 1000) / count,
    tellingMs,
    telling: ((told - settled) * 1000) / tellingMs,
    idle: ((idle.cpu - told) * 1000) / idleMs,
    leaseGap: Math.max(0, ...renewals.slice(1).map((at, index) => at - (renewals[index] ?? at))),
  };
}

/** Waits until the Events of what has happened have been told: kubelets tell them slowly, behind everything else. */
async function eventsTold(api: ApiClient): Promise<void> {
  for (let [before, unchanged] = [-1, 0]; unchanged < UNCHANGED_S;) {
    const path = `/api/v1/namespaces/${NAMESPACE}/events?limit=1`;
    const { items, metadata } = await api.send<EventCount>("GET", path);
    const count = items.length + (metadata.remainingItemCount ?? 0);
    unchanged = count === before ? unchanged + 1 : 0;
    before = count;
    await sleep(1000);
  }
}

/** Does something to each as fast as the API server lets it, a few at a time: nobody waits for its turn in a queue. */
async function eachOf(names: readonly string[], act: (name: string) => Promise<unknown>): Promise<void> {
  const left = names.values();
  const one = async (): Promise<void> => {
    for (const name of left) await act(name);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

function podOf(name: string, { name: nodeName, container }: MeasuredNode): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": nodeName },
      tolerations: [{ operator: "Exists" }],
      terminationGracePeriodSeconds: 5,
      automountServiceAccountToken: false,
      containers: [{ name: "main", image: container.image, args: container.args }],
    },
  };
}
