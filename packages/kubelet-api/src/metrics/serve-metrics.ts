import { answerText } from "../http/answer.ts";
import type { Route } from "../http/route.ts";
import type { UsageSnapshot } from "../stats/usage-snapshot.ts";
import { EXPOSITION_TYPE, expositionOf } from "./exposition.ts";
import type { MetricFamily } from "./exposition.ts";
import type { KubeletMetrics } from "./kubelet-metrics.ts";
import { resourceMetricsOf } from "./resource-metrics.ts";

/** `/metrics`: how the kubelet is. */
export function metricsRoute(metrics: KubeletMetrics): Route {
  return metricFamiliesRoute(["metrics"], async () => metrics.families());
}

/** `/metrics/resource`: what the node and its pods use, for metrics-server. */
export function resourceMetricsRoute(
  snapshot: () => Promise<UsageSnapshot>,
  onWarning?: (message: string) => void,
): Route {
  return metricFamiliesRoute(["metrics", "resource"], async () => {
    try {
      return resourceMetricsOf(await snapshot());
    } catch (error) {
      onWarning?.(`What containers use could not be measured: ${String(error)}.`);
      return resourceMetricsOf(undefined);
    }
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
