import type { V1Node } from "@kubernetes/client-node";
import type { NodePatch } from "./plan-node-update.ts";
import { planNodeUpdate } from "./plan-node-update.ts";

/** How often a status is posted of which nothing changed, by default: the kubelet's `nodeStatusReportFrequency`. */
const REPORT_PERIOD_MS = 5 * 60_000;

/** What was reported last. */
export interface LastReport {
  /** The Node as the API server has it now. */
  readonly node: V1Node;
  /** When the next report is due even if nothing changes; undefined before the first one. */
  readonly due: Date | undefined;
}

/** A report to post. */
export interface StatusReport {
  /** Something changed, or it was time again. */
  readonly why: "changed" | "due";
  readonly patch: NodePatch;
  /** When the one after it is due, provided this one is posted now. */
  readonly due: Date;
}

/**
 * Pure: whether a node's status is to be posted now. Any change is, at once; otherwise every five minutes. After a
 * change, and after the first report, the next one is due in 2.5 to 7.5 minutes, so that nodes which changed or started
 * together do not stay together.
 *
 * @param random - a number from 0 up to 1
 * @param periodMs - how often what is unchanged is posted
 */
export function planStatusReport(
  last: LastReport,
  next: V1Node,
  now: Date,
  random: number,
  periodMs: number = REPORT_PERIOD_MS,
): StatusReport | undefined {
  const changed = planNodeUpdate(last.node, next) !== undefined;
  // Never is more than this left, unless the clock was set back.
  const due =
    last.due === undefined || now >= last.due || last.due.getTime() - now.getTime() > 1.5 * periodMs;
  const patch = changed || due ? planNodeUpdate(last.node, next, { heartbeat: true }) : undefined;
  if (patch === undefined) return undefined;
  const delay = changed || last.due === undefined ? periodMs * (0.5 + random) : periodMs;
  return { why: changed ? "changed" : "due", patch, due: new Date(now.getTime() + delay) };
}
