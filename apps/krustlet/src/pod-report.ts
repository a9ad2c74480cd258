import type { PodTransition } from "@krustlet/kubelet";
import { eventsOf, statusOf } from "@krustlet/pod-machine";
import type { PodStatus } from "@krustlet/pod-machine";

import type { ByteSink } from "./cli-host.ts";

/** What {@link podReporter} says, and where. */
export interface PodReporterInit {
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  readonly json: boolean;
  /** Also what is quite normal. */
  readonly verbose: boolean;
}

/** Tells of the steps of pods: as JSON lines on stdout, or the warnings among the events on stderr. */
export function podReporter(init: PodReporterInit): (step: PodTransition) => Promise<void> {
  const { stdout, stderr, json, verbose } = init;
  const told = new Map<string, string>();
  return async ({ pod, event, previous, state }) => {
    const name = pod.metadata?.name ?? "";
    const time = event.at.toISOString();
    for (const record of eventsOf(previous, state)) {
      const { type: level, reason, message, container } = record;
      if (json) {
        await stdout.write(jsonLine({ type: "event", time, pod: name, container, level, reason, message }));
      } else if (verbose || isNews(record)) {
        const of = container === undefined ? name : `${name}/${container}`;
        await stderr.write(`krustlet: ${of}: ${reason}: ${message}\n`);
      }
    }
    if (!json) return;
    const status = summaryOf(statusOf(state));
    const text = JSON.stringify(status);
    if (told.get(name) === text) return;
    told.set(name, text);
    await stdout.write(jsonLine({ type: "status", time, pod: name, ...status }));
  };
}

/** Failures of pulls, mounts and starts end the command, and are told there. */
function isNews({ type, reason }: { readonly type: string; readonly reason: string }): boolean {
  return type === "Warning" && ["BackOff", "Evicted", "Unhealthy", "ExceededGracePeriod"].includes(reason);
}

function summaryOf(status: PodStatus): Record<string, unknown> {
  const { phase, reason, message, podIP } = status;
  const containers = [...(status.initContainerStatuses ?? []), ...status.containerStatuses].map((each) => ({
    name: each.name,
    restartCount: each.restartCount,
    ready: each.ready,
    state: each.state,
  }));
  return { phase, reason, message, podIP, containers };
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
