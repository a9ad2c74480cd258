import type { Clock } from "@krustlet/interface";

import type { PodReader } from "../kubelet-api-init.ts";
import type { MetricFamily } from "./exposition.ts";
import { imageSizeLabelOf } from "./image-size-label.ts";
import { createHistogram, createTally } from "./instruments.ts";
import { podCountsOf } from "./pod-counts.ts";
import { followPodStart } from "./pod-start.ts";
import type { PodStarting, PodStep } from "./pod-start.ts";
import { processMetrics } from "./process-metrics.ts";

/** What {@link createKubeletMetrics} cannot count itself. */
export interface KubeletMetricsInit {
  readonly nodeName: string;
  /** Of this program: `v1.36.3`. */
  readonly version: string;
  readonly pods: PodReader;
  readonly clock: Pick<Clock, "now">;
}

/** The metrics of a kubelet, under the names that Kubernetes has for them. */
export interface KubeletMetrics {
  /** To be told every step of every pod. */
  observe(step: PodStep): void;
  /** To be told of each request; what it gives, of its end. */
  request(method: string, segment: string): () => void;
  /** All metrics as they are now. */
  families(): readonly MetricFamily[];
}

const START_SECONDS = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700,
  3600,
];
const PULL_SECONDS = [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600];
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Paths and methods that have a value of their own; whatever else clients make up is `other`. */
const SEGMENTS = ["containerLogs", "pods", "runningpods", "healthz", "configz", "metrics", "stats"];
const METHODS = ["GET", "POST"];

/** Begins to count. Holds a few numbers, and one record for each pod that is on its way to run. */
export function createKubeletMetrics(init: KubeletMetricsInit): KubeletMetrics {
  const { nodeName, version, pods, clock } = init;
  const starting = new Map<string, PodStarting>();
  const { podStart, sli, total, pull, startedPods, startedContainers, failedContainers, ...http } =
    createInstruments();

  const observeStart = (step: PodStep): void => {
    const uid = step.pod.metadata?.uid ?? "";
    const { known, start } = followPodStart(starting.get(uid), step);
    if (known === undefined) starting.delete(uid);
    else starting.set(uid, known);
    if (start === undefined) return;
    podStart.observe({}, start.seen);
    total.observe({}, start.total);
    if (start.sli !== undefined) sli.observe({}, start.sli);
  };

  return {
    observe: (step) => {
      const { event, previous, state } = step;
      observeStart(step);
      if (previous.name === "Mounting" && state.name === "Running") startedPods.add({});
      if (event.type === "started") startedContainers.add({ container_type: typeOf(step, event.container) });
      if (event.type === "startFailed") {
        failedContainers.add({ container_type: typeOf(step, event.container), code: event.reason });
      }
      if (event.type === "pulled" && event.pull !== undefined) {
        const { bytes, durationMs } = event.pull;
        pull.observe({ image_size_in_bytes: imageSizeLabelOf(bytes) }, durationMs / 1000);
      }
    },
    request: (method, segment) => {
      const labels = {
        method: METHODS.includes(method) ? method : "other",
        path: SEGMENTS.includes(segment) ? segment : "other",
        server_type: "readwrite",
        long_running: "false",
      };
      const begun = clock.now().getTime();
      http.requests.add(labels);
      http.inFlight.add(labels);
      return () => {
        http.inFlight.add(labels, -1);
        http.durations.observe(labels, Math.max(0, clock.now().getTime() - begun) / 1000);
      };
    },
    families: () => [
      ...podCountsOf(pods),
      ...[podStart, sli, total, pull, startedPods, startedContainers, failedContainers].map((each) =>
        each.family(),
      ),
      ...[http.requests, http.durations, http.inFlight].map((each) => each.family()),
      infoOf("kubelet_node_name", "The node's name. The count is always 1.", { node: nodeName }),
      infoOf("kubernetes_build_info", "A metric with a constant '1' value labeled by version.", {
        git_version: version,
        platform: `${process.platform}/${process.arch}`,
      }),
      ...processMetrics(clock.now()),
    ],
  };
}

function createInstruments() {
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

function infoOf(name: string, help: string, labels: Readonly<Record<string, string>>): MetricFamily {
  return { name, help, type: "gauge", samples: [{ labels, value: 1 }] };
}

function typeOf({ state }: PodStep, container: string): "container" | "init_container" {
  const kind = state.facts.containers.find(({ name }) => name === container)?.kind;
  return kind === undefined || kind === "regular" ? "container" : "init_container";
}
