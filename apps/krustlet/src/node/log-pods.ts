import type { PodFailure, PodTransition } from "@krustlet/kubelet";
import { podKeyOf } from "@krustlet/kubelet";
import type { Logger } from "pino";

import { podFields } from "../log/node-log.ts";

/** Logs each step of a pod: what starts and ends at `-v=2`, all of it at `-v=4`. */
export function logStep(log: Logger, { pod, event, previous, state }: PodTransition): void {
  // Steps come by the thousand, and mostly nobody wants to read of them.
  if (!log.isLevelEnabled("debug")) return;
  const container = "container" in event ? event.container : undefined;
  const fields = podFields(podKeyOf(pod), container);
  if (previous.name !== state.name)
    log.debug({ ...fields, event: event.type }, `${previous.name} -> ${state.name}`);
  else log.trace({ ...fields, state: state.name }, event.type);
}

/** Logs what did not work for a pod; its loop goes on by itself. */
export function logFailure(log: Logger, { pod, action, container, error }: PodFailure): void {
  log.warn({ ...podFields(pod, container), action, err: error }, `${action} has failed`);
}
