import type { Clock } from "@krustlet/interface";

import type { PodReader } from "../kubelet-api-init.ts";
import { certificateMetricsOf } from "./certificate-metrics.ts";
import type { CertificateDates } from "./certificate-metrics.ts";
import { countStep } from "./count-step.ts";
import type { MetricFamily } from "./exposition.ts";
import { createKubeletInstruments } from "./kubelet-instruments.ts";
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
  readonly clock: Pick<Clock, "now" | "elapsed">;
  /** Default: nothing is told of certificates. */
  readonly certificates?: CertificateDates;
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

/** Paths and methods that have a value of their own; whatever else clients make up is `other`. */
const SEGMENTS = ["containerLogs", "pods", "runningpods", "healthz", "configz", "metrics", "stats"];
const METHODS = ["GET", "POST"];

/** Begins to count. Holds a few numbers, and one record for each pod that is on its way to run. */
export function createKubeletMetrics(init: KubeletMetricsInit): KubeletMetrics {
  const { nodeName, version, pods, clock, certificates } = init;
  const starting = new Map<string, PodStarting>();
  const instruments = createKubeletInstruments();
  const { podStart, sli, total, requests, inFlight, durations } = instruments;

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
      observeStart(step);
      countStep(step, instruments);
    },
    request: (method, segment) => {
      const labels = {
        method: METHODS.includes(method) ? method : "other",
        path: SEGMENTS.includes(segment) ? segment : "other",
        server_type: "readwrite",
        long_running: "false",
      };
      const begun = clock.elapsed();
      requests.add(labels);
      inFlight.add(labels);
      return () => {
        inFlight.add(labels, -1);
        durations.observe(labels, (clock.elapsed() - begun) / 1000);
      };
    },
    families: () => [
      ...podCountsOf(pods),
      ...Object.values(instruments).map((each) => each.family()),
      infoOf("kubelet_node_name", "The node's name. The count is always 1.", { node: nodeName }),
      infoOf("kubernetes_build_info", "A metric with a constant '1' value labeled by version.", {
        git_version: version,
        platform: `${process.platform}/${process.arch}`,
      }),
      ...(certificates === undefined ? [] : certificateMetricsOf(certificates, clock.now())),
      ...processMetrics(clock.now()),
    ],
  };
}

function infoOf(name: string, help: string, labels: Readonly<Record<string, string>>): MetricFamily {
  return { name, help, type: "gauge", samples: [{ labels, value: 1 }] };
}
