import { cpus, totalmem } from "node:os";

import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

import type { ContainerUsageSample, UsageSnapshot } from "../stats/usage-snapshot.ts";
import type { MetricFamily, Sample } from "./exposition.ts";

/** What of the machine `/metrics/cadvisor` shows. */
export interface MachineSize {
  readonly cores: number;
  readonly memoryBytes: number;
}

type Labels = Readonly<Record<string, string>>;

/** Those of the series that stand for the whole machine. */
const ROOT: Labels = { container: "", id: "/", image: "", name: "", namespace: "", pod: "" };

/**
 * What `/metrics/cadvisor` shows: of what cAdvisor measures that which is known of guests, under its names and labels. They
 * have no control groups: `id` is made of the pod's UID and the container. Undefined: it could not be measured.
 */
export function cadvisorMetricsOf(
  snapshot: UsageSnapshot | undefined,
  pods: readonly V1Pod[],
  machine: MachineSize = { cores: cpus().length, memoryBytes: totalmem() },
): readonly MetricFamily[] {
  const error: Sample = { value: snapshot === undefined ? 1 : 0 };
  return [
    ...(snapshot === undefined ? [] : usageFamilies(snapshot, pods)),
    gauge("machine_cpu_cores", "Number of logical CPU cores of the machine.", [{ value: machine.cores }]),
    gauge("machine_memory_bytes", "Amount of memory of the machine.", [{ value: machine.memoryBytes }]),
    gauge("container_scrape_error", "1 if containers could not be measured, else 0.", [error]),
  ];
}

function usageFamilies(
  { at, node, containers }: UsageSnapshot,
  pods: readonly V1Pod[],
): readonly MetricFamily[] {
  const byUid = new Map(pods.map((pod) => [pod.metadata?.uid, pod]));
  const labelled = containers.map((each) => ({ each, labels: labelsOf(each, byUid.get(each.pod.uid)) }));
  const ofContainers = (value: (each: ContainerUsageSample) => number): readonly Sample[] =>
    labelled.map(({ each, labels }) => ({ labels, value: value(each), at }));
  const memory = [
    { labels: ROOT, value: node.workingSetBytes, at },
    ...ofContainers((each) => each.memoryBytes),
  ];
  const withCpu = ({ container, ...rest }: Labels): Labels => ({
    container: container ?? "",
    cpu: "total",
    ...rest,
  });
  const cpu = [
    { labels: ROOT, value: node.cpuMicros / 1e6, at },
    ...ofContainers((each) => each.cpuMicros / 1e6),
  ].map((sample) => ({ ...sample, labels: withCpu(sample.labels ?? ROOT) }));
  return [
    {
      name: "container_cpu_usage_seconds_total",
      help: "CPU time that was used, in seconds.",
      type: "counter",
      samples: cpu,
    },
    gauge("container_memory_usage_bytes", "Memory in use; of a guest, its linear memory.", memory),
    gauge("container_memory_working_set_bytes", "Memory that cannot be given back while it runs.", memory),
    gauge(
      "container_start_time_seconds",
      "When the container was started, since the epoch.",
      ofContainers((each) => Math.floor(each.startedAt.getTime() / 1000)),
    ),
    gauge(
      "container_last_seen",
      "When the container was measured last, since the epoch.",
      ofContainers(() => Math.floor(at.getTime() / 1000)),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, help, type: "gauge", samples };
}

/** In the order in which they are written. */
function labelsOf({ pod, container }: ContainerUsageSample, of: V1Pod | undefined): Labels {
  const { containerStatuses = [], initContainerStatuses = [] } = of?.status ?? {};
  const isIt = ({ name }: V1ContainerStatus): boolean => name === container;
  const status = [...containerStatuses, ...initContainerStatuses].find(isIt);
  return {
    container,
    id: `/${pod.uid}/${container}`,
    image: status?.image ?? "",
    name: status?.containerID?.replace(/^[^:]*:\/\//u, "") ?? "",
    namespace: pod.namespace,
    pod: pod.name,
  };
}
