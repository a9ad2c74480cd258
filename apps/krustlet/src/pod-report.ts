import type { PodTransition } from "@krustlet/kubelet";
import { eventsOf, statusOf } from "@krustlet/pod-machine";
import type { PodState, PodStatus } from "@krustlet/pod-machine";

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
        // An Event about a back-off does not say how long it is, and a cluster's status does.
        const words = reason === "BackOff" ? (waitingOf(state, container) ?? message) : message;
        await stderr.write(`krustlet: ${verbose ? `${time} ` : ""}${of}: ${reason}: ${words}\n`);
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

const NEWS: ReadonlySet<string> = new Set(["BackOff", "Evicted", "Unhealthy", "ExceededGracePeriod"]);

/**
 * Failures of pulls, mounts and starts end the command, and are told there. A deadline is quite normal to a cluster, but
 * here nothing else says why the pod has ended.
 */
function isNews({ type, reason }: { readonly type: string; readonly reason: string }): boolean {
  return (type === "Warning" && NEWS.has(reason)) || reason === "DeadlineExceeded";
}

/** What a container waits for, in the kubelet's words. */
function waitingOf(state: PodState, container: string | undefined): string | undefined {
  const { initContainerStatuses = [], containerStatuses } = statusOf(state);
  const status = [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container);
  return status?.state.waiting?.message;
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
