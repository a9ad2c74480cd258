import type { HealthSlis } from "../health/health-slis.ts";
import { answerText } from "../http/answer.ts";
import type { Route } from "../http/route.ts";
import type { PodReader } from "../kubelet-api-init.ts";
import type { UsageSnapshot } from "../stats/usage-snapshot.ts";
import { cadvisorMetricsOf } from "./cadvisor-metrics.ts";
import { EXPOSITION_TYPE, expositionOf } from "./exposition.ts";
import type { MetricFamily } from "./exposition.ts";
import type { KubeletMetrics } from "./kubelet-metrics.ts";
import { resourceMetricsOf } from "./resource-metrics.ts";

/** `/metrics`: how the kubelet is. */
export function metricsRoute(metrics: KubeletMetrics): Route {
  return metricFamiliesRoute(["metrics"], async () => metrics.families());
}

/** `/metrics/resource`, for metrics-server, and `/metrics/cadvisor`: what the node and its pods use. */
export function usageMetricsRoutes(
  snapshot: () => Promise<UsageSnapshot>,
  pods: Pick<PodReader, "list">,
  onWarning?: (message: string) => void,
): readonly Route[] {
  const measured = async (): Promise<UsageSnapshot | undefined> => {
    try {
      return await snapshot();
    } catch (error) {
      onWarning?.(`What containers use could not be measured: ${String(error)}.`);
      return undefined;
    }
  };
  return [
    metricFamiliesRoute(["metrics", "resource"], async () => resourceMetricsOf(await measured())),
    metricFamiliesRoute(["metrics", "cadvisor"], async () =>
      cadvisorMetricsOf(await measured(), pods.list()),
    ),
  ];
}

/** `/metrics/probes`: what probes came to. None is run, and whoever reads all that a kubelet has finds nothing amiss. */
export function probeMetricsRoute(): Route {
  return metricFamiliesRoute(["metrics", "probes"], async () => []);
}

/** `/metrics/slis`: what health checks come to. */
export function sliMetricsRoute(slis: HealthSlis, check: () => Promise<unknown>): Route {
  return metricFamiliesRoute(["metrics", "slis"], async () => {
    await check();
    return slis.families();
  });
}

function metricFamiliesRoute(
  path: readonly string[],
  families: () => Promise<readonly MetricFamily[]>,
): Route {
  return {
    methods: ["GET"],
    path,
    serve: async (_request, response) => {
      answerText(response, 200, expositionOf(await families()), EXPOSITION_TYPE);
      return undefined;
    },
  };
}
