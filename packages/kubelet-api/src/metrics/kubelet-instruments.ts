import { createHistogram, createTally } from "./instruments.ts";
import type { Histogram, Tally } from "./instruments.ts";

const START_SECONDS = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700,
  3600,
];
const PULL_SECONDS = [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600];
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a kubelet counts as it happens. */
export interface KubeletInstruments {
  readonly podStart: Histogram<never>;
  readonly sli: Histogram<never>;
  readonly total: Histogram<never>;
  readonly pull: Histogram<"image_size_in_bytes">;
  readonly startedPods: Tally<never>;
  readonly startedContainers: Tally<"container_type">;
  readonly failedContainers: Tally<"container_type" | "code">;
  readonly terminatedContainers: Tally<"container_type" | "exit_code" | "reason">;
  readonly failedPods: Tally<never>;
  readonly containersPerPod: Histogram<never>;
  readonly rejections: Tally<"reason">;
  readonly evictions: Tally<"eviction_signal">;
  readonly preemptions: Tally<"preemption_signal">;
  readonly requests: Tally<HttpLabel>;
  readonly inFlight: Tally<HttpLabel>;
  readonly durations: Histogram<HttpLabel>;
}

type HttpLabel = "method" | "path" | "server_type" | "long_running";

/** The counters and histograms of a kubelet, each under its name. */
export function createKubeletInstruments(): KubeletInstruments {
  const http = ["method", "path", "server_type", "long_running"] as const;
  return {
    podStart: createHistogram({
      name: "kubelet_pod_start_duration_seconds",
      help: "Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run",
      labels: [],
      bounds: START_SECONDS,
    }),
    sli: createHistogram({
      name: "kubelet_pod_start_sli_duration_seconds",
      help: "Duration in seconds to start a pod, excluding time to pull images and run init containers, measured from pod creation timestamp to when all its containers have started",
      labels: [],
      bounds: START_SECONDS,
    }),
    total: createHistogram({
      name: "kubelet_pod_start_total_duration_seconds",
      help: "Duration in seconds to start a pod since creation, including time to pull images and run init containers, measured from pod creation timestamp to when all its containers have started",
      labels: [],
      bounds: START_SECONDS,
    }),
    pull: createHistogram({
      name: "kubelet_image_pull_duration_seconds",
      help: "Duration in seconds to pull an image.",
      labels: ["image_size_in_bytes"],
      bounds: PULL_SECONDS,
    }),
    startedPods: createTally({
      name: "kubelet_started_pods_total",
      help: "Cumulative number of pods started",
      type: "counter",
      labels: [],
    }),
    startedContainers: createTally({
      name: "kubelet_started_containers_total",
      help: "Cumulative number of containers started",
      type: "counter",
      labels: ["container_type"],
    }),
    failedContainers: createTally({
      name: "kubelet_started_containers_errors_total",
      help: "Cumulative number of errors when starting containers",
      type: "counter",
      labels: ["container_type", "code"],
    }),
    terminatedContainers: createTally({
      name: "kubelet_terminated_containers_total",
      help: "How many containers have ended, by how they did; exit codes above 255 are other",
      type: "counter",
      labels: ["container_type", "exit_code", "reason"],
    }),
    failedPods: createTally({
      name: "kubelet_started_pods_errors_total",
      help: "Cumulative number of errors when starting pods",
      type: "counter",
      labels: [],
    }),
    containersPerPod: createHistogram({
      name: "kubelet_containers_per_pod_count",
      help: "The number of containers per pod.",
      labels: [],
      bounds: [1, 2, 4, 8, 16],
    }),
    rejections: createTally({
      name: "kubelet_admission_rejections_total",
      help: "How many pods the node has rejected, by the reason",
      type: "counter",
      labels: ["reason"],
    }),
    evictions: createTally({
      name: "kubelet_evictions",
      help: "Cumulative number of pod evictions by eviction signal",
      type: "counter",
      labels: ["eviction_signal"],
    }),
    preemptions: createTally({
      name: "kubelet_preemptions",
      help: "Cumulative number of pod preemptions by preemption resource",
      type: "counter",
      labels: ["preemption_signal"],
    }),
    requests: createTally({
      name: "kubelet_http_requests_total",
      help: "Number of the http requests received since the server started",
      type: "counter",
      labels: http,
    }),
    inFlight: createTally({
      name: "kubelet_http_inflight_requests",
      help: "Number of the inflight http requests",
      type: "gauge",
      labels: http,
    }),
    durations: createHistogram({
      name: "kubelet_http_requests_duration_seconds",
      help: "Duration in seconds to serve http requests",
      labels: http,
      bounds: HTTP_SECONDS,
    }),
  };
}
