import type { MetricFamily } from "../metrics/exposition.ts";
import { createTally } from "../metrics/instruments.ts";
import type { HealthResult } from "./health-checks.ts";

/** What health checks came to, for `/metrics/slis`. */
export interface HealthSlis {
  /** To be told of each check that was made. */
  observe(result: HealthResult): void;
  families(): readonly MetricFamily[];
}

/** Begins to count. */
export function createHealthSlis(): HealthSlis {
  const newest = new Map<string, boolean>();
  const total = createTally({
    name: "kubernetes_healthchecks_total",
    help: "How many health checks were made, by what they came to.",
    type: "counter",
    labels: ["name", "type", "status"],
  });
  return {
    observe: ({ name, failure }) => {
      newest.set(name, failure === undefined);
      total.add({ name, type: "healthz", status: failure === undefined ? "success" : "error" });
    },
    families: () => [
      {
        name: "kubernetes_healthcheck",
        help: "What a health check came to: 1 if it passed, else 0.",
        type: "gauge",
        samples: [...newest].map(([name, passed]) => ({
          labels: { name, type: "healthz" },
          value: passed ? 1 : 0,
        })),
      },
      total.family(),
    ],
  };
}
