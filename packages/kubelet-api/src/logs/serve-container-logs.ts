import type { Clock } from "@krustlet/interface";

import { answerStream } from "../http/answer.ts";
import { isRefusal } from "../http/refusal.ts";
import type { Route } from "../http/route.ts";
import type { PodReader } from "../kubelet-api-init.ts";
import { containerRunOf } from "./container-run.ts";
import { parseLogOptions } from "./parse-log-options.ts";
import { readLog } from "./read-log.ts";

/** `/containerLogs/<namespace>/<pod>/<container>`: what `kubectl logs` reads. */
export function containerLogsRoute(pods: PodReader, clock: Clock): Route {
  return {
    methods: ["GET"],
    path: ["containerLogs", ":namespace", ":pod", ":container"],
    serve: async ({ parameters, query, signal }, response) => {
      const [namespace = "", name = "", container = ""] = parameters;
      const options = parseLogOptions(query, clock.now());
      if (isRefusal(options)) return options;
      const pod = pods.find(namespace, name);
      if (pod === undefined) return { status: 404, text: `pod ${JSON.stringify(name)} does not exist` };
      const run = containerRunOf(pod, container, options.previous);
      if (isRefusal(run)) return run;
      const log = pods.logOf(pod, container, run.containerID);
      if (log === undefined) {
        const which = `container ${JSON.stringify(container)} in pod ${JSON.stringify(name)}`;
        return { status: 400, text: `the log of ${which} is no longer there` };
      }
      await answerStream(response, "text/plain", readLog({ log, options, clock, signal }), signal);
      return undefined;
    },
  };
}
