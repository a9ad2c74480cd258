import { podUsagesOf } from "../stats/pod-usage.ts";
import type { UsageSnapshot } from "../stats/usage-snapshot.ts";
import type { MetricFamily, Sample } from "./exposition.ts";

/** What `/metrics/resource` shows: what the node, each pod and each container use. Undefined: it could not be measured. */
export function resourceMetricsOf(snapshot: UsageSnapshot | undefined): readonly MetricFamily[] {
  const error: Sample = { value: snapshot === undefined ? 1 : 0 };
  return [
    ...(snapshot === undefined ? [] : usageFamilies(snapshot)),
    {
      name: "resource_scrape_error",
      help: "1 if there was an error while getting container metrics, 0 otherwise",
      type: "gauge",
      samples: [error],
    },
    {
      name: "scrape_error",
      help: "(Deprecated) 1 if there was an error while getting container metrics, 0 otherwise",
      type: "gauge",
      samples: [error],
    },
  ];
}

function usageFamilies({ at, node, containers }: UsageSnapshot): readonly MetricFamily[] {
  const pods = podUsagesOf(containers);
  const ofContainers = (
    value: (each: (typeof containers)[number]) => number,
    when?: Date,
  ): readonly Sample[] =>
    containers.map((each) => ({
      labels: { container: each.container, namespace: each.pod.namespace, pod: each.pod.name },
      value: value(each),
      at: when,
    }));
  const ofPods = (value: (each: (typeof pods)[number]) => number): readonly Sample[] =>
    pods.map((each) => ({
      labels: { namespace: each.pod.namespace, pod: each.pod.name },
      value: value(each),
      at,
    }));
  return [
    {
      name: "container_cpu_usage_seconds_total",
      help: "Cumulative cpu time consumed by the container in core-seconds",
      type: "counter",
      samples: ofContainers(({ cpuMicros }) => cpuMicros / 1e6, at),
    },
    {
      name: "container_memory_working_set_bytes",
      help: "Current working set of the container in bytes",
      type: "gauge",
      samples: ofContainers(({ memoryBytes }) => memoryBytes, at),
    },
    {
      name: "container_start_time_seconds",
      help: "Start time of the container since unix epoch in seconds",
      type: "gauge",
      samples: ofContainers(({ startedAt }) => startedAt.getTime() / 1000),
    },
    {
      name: "node_cpu_usage_seconds_total",
      help: "Cumulative cpu time consumed by the node in core-seconds",
      type: "counter",
      samples: [{ value: node.cpuMicros / 1e6, at }],
    },
    {
      name: "node_memory_working_set_bytes",
      help: "Current working set of the node in bytes",
      type: "gauge",
      samples: [{ value: node.workingSetBytes, at }],
    },
    {
      name: "pod_cpu_usage_seconds_total",
      help: "Cumulative cpu time consumed by the pod in core-seconds",
      type: "counter",
      samples: ofPods(({ cpuMicros }) => cpuMicros / 1e6),
    },
    {
      name: "pod_memory_working_set_bytes",
      help: "Current working set of the pod in bytes",
      type: "gauge",
      samples: ofPods(({ memoryBytes }) => memoryBytes),
    },
  ];
}
