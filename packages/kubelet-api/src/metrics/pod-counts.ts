import type { V1Pod } from "@kubernetes/client-node";

import type { PodReader } from "../kubelet-api-init.ts";
import type { MetricFamily, Sample } from "./exposition.ts";

/** How many pods and containers there are, counted when somebody asks. */
export function podCountsOf(pods: PodReader): readonly MetricFamily[] {
  const all = pods.list();
  const active = all.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
  return [
    {
      name: "kubelet_running_pods",
      help: "Number of pods that have a running pod sandbox",
      type: "gauge",
      samples: [{ value: pods.running().length }],
    },
    {
      name: "kubelet_running_containers",
      help: "Number of containers, by their state",
      type: "gauge",
      samples: containerCountsOf(all),
    },
    {
      name: "kubelet_desired_pods",
      help: "The number of pods the kubelet is being instructed to run; static is true if the pod is not from the API server",
      type: "gauge",
      samples: byOrigin(all),
    },
    {
      name: "kubelet_active_pods",
      help: "The number of pods the kubelet considers active; static is true if the pod is not from the API server",
      type: "gauge",
      samples: byOrigin(active),
    },
  ];
}

function containerCountsOf(pods: readonly V1Pod[]): readonly Sample[] {
  const states = pods.flatMap(({ status }) =>
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(
      ({ state }) => state,
    ),
  );
  const running = states.filter((state) => state?.running !== undefined).length;
  const exited = states.filter((state) => state?.terminated !== undefined).length;
  return [
    { labels: { container_state: "running" }, value: running },
    { labels: { container_state: "exited" }, value: exited },
  ];
}

function byOrigin(pods: readonly V1Pod[]): readonly Sample[] {
  const isStatic = ({ metadata }: V1Pod): boolean =>
    (metadata?.annotations?.["kubernetes.io/config.source"] ?? "api") !== "api";
  const fromElsewhere = pods.filter(isStatic).length;
  return [
    { labels: { static: "" }, value: pods.length - fromElsewhere },
    { labels: { static: "true" }, value: fromElsewhere },
  ];
}
