import type { Clock } from "@krustlet/interface";

import { answerText } from "../http/answer.ts";
import type { Route } from "../http/route.ts";
import { HEALTH_CHECKS, runHealthCheck } from "./health-checks.ts";
import type { HealthChecks, HealthResult } from "./health-checks.ts";

/** How {@link healthzRoutes} finds out, and whom it tells more than its clients. */
export interface HealthzInit {
  readonly healthChecks: HealthChecks;
  readonly clock: Clock;
  readonly onWarning?: (message: string) => void;
  /** Told of each check that is made. */
  readonly onCheck?: (result: HealthResult) => void;
}

/** Makes all checks but those that are left out. */
export async function runHealthChecks(
  { healthChecks, clock, onCheck }: HealthzInit,
  excluded: readonly string[] = [],
): Promise<readonly HealthResult[]> {
  const checks = HEALTH_CHECKS.filter((name) => !excluded.includes(name));
  const results = await Promise.all(checks.map((name) => runHealthCheck(name, healthChecks, clock)));
  for (const each of results) onCheck?.(each);
  return results;
}

/** `/healthz`: all checks; `/healthz/<check>`: one of them. With `verbose` each is listed, with `exclude=` some are left out. */
export function healthzRoutes(init: HealthzInit): readonly Route[] {
  const { onWarning } = init;
  const all: Route = {
    methods: ["GET"],
    path: ["healthz"],
    serve: async ({ query }, response) => {
      const excluded = query.getAll("exclude");
      const results = await runHealthChecks(init, excluded);
      const failed = results.filter(({ failure }) => failure !== undefined);
      for (const { name, failure } of failed) onWarning?.(`The health check ${name} failed: ${failure}.`);
      if (failed.length > 0) answerText(response, 500, `${listOf(results, excluded)}healthz check failed\n`);
      else if (query.has("verbose"))
        answerText(response, 200, `${listOf(results, excluded)}healthz check passed\n`);
      else answerText(response, 200, "ok");
      return undefined;
    },
  };
  return [all, ...HEALTH_CHECKS.map((name) => oneCheckRoute(name, init))];
}

function oneCheckRoute(
  name: (typeof HEALTH_CHECKS)[number],
  { healthChecks, clock, onCheck }: HealthzInit,
): Route {
  return {
    methods: ["GET"],
    path: ["healthz", name],
    serve: async (_request, response) => {
      const result = await runHealthCheck(name, healthChecks, clock);
      onCheck?.(result);
      const { failure } = result;
      if (failure !== undefined) return { status: 500, text: `internal server error: ${failure}\n` };
      answerText(response, 200, "ok");
      return undefined;
    },
  };
}

/** Why a check failed is not for everybody who may ask whether it did. */
function listOf(results: readonly HealthResult[], excluded: readonly string[]): string {
  return HEALTH_CHECKS.map((name) => {
    const result = results.find((each) => each.name === name);
    if (result === undefined && excluded.includes(name)) return `[+]${name} excluded: ok\n`;
    return result?.failure === undefined ? `[+]${name} ok\n` : `[-]${name} failed: reason withheld\n`;
  }).join("");
}
