import { answerJson } from "../http/answer.ts";
import type { Route } from "../http/route.ts";
import type { PodReader } from "../kubelet-api-init.ts";
import { createCpuRates } from "./cpu-rates.ts";
import { summaryOf } from "./summary.ts";
import type { UsageSnapshot } from "./usage-snapshot.ts";

/** `/stats/summary`: CPU and memory of the node, of each pod and of each container. */
export function statsRoute(nodeName: string, pods: PodReader, snapshot: () => Promise<UsageSnapshot>): Route {
  const rates = createCpuRates();
  return {
    methods: ["GET", "POST"],
    path: ["stats", "summary"],
    serve: async (_request, response) => {
      answerJson(response, summaryOf(await snapshot(), { nodeName, pods: pods.list(), rates }));
      return undefined;
    },
  };
}
