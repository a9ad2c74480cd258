import type { V1Node } from "@kubernetes/client-node";
import type { Doing } from "./call-within.ts";
import { callWithin } from "./call-within.ts";
import type { DoerOptions } from "./doer-options.ts";
import { doingOf } from "./doer-options.ts";
import type { NodeClient } from "./node-client.ts";
import type { NodeEvent } from "./node-events.ts";
import { cordonEventOf, isCordoned, nodeEventsOf } from "./node-events.ts";
import type { StatusReport } from "./plan-status-report.ts";
import { planStatusReport } from "./plan-status-report.ts";

/** The kubelet's `nodeStatusUpdateFrequency`. */
const PERIOD_MS = 10_000;
const JITTER = 0.04;
const TRIES = 5;
const FAST_PERIOD_MS = 100;
const FAST_FOR_MS = 120_000;
/** What changes many times is told twice in a second at the most. */
const AFTER_CHANGE_MS = 500;
const WOKEN = new Error("something has changed");

/** A status that the API server has taken. */
export interface PostedReport {
  readonly why: StatusReport["why"];
  readonly before: V1Node;
  readonly after: V1Node;
}

/** Options of {@link reportNodeStatus}. */
export interface ReportOptions extends DoerOptions {
  readonly nodeName: string;
  /**
   * The Node as it should be, given the one that the API server has: conditions made with its `conditions` keep their
   * transition times. It must not wait for a guest; it is given up after `callTimeoutMs`.
   */
  readonly compute: (existing: V1Node) => V1Node | Promise<V1Node>;
  /** The newest Node that a watch has seen; without it the Node is read in every round. */
  readonly observed?: () => V1Node | undefined;
  /** Milliseconds from one computation to the next. Default: 10 s. */
  readonly updatePeriodMs?: number;
  /** Milliseconds from one post of what is unchanged to the next. Default: 5 min. */
  readonly reportPeriodMs?: number;
  /** Calls `tell` when something has changed that is to be told before the next round is due. Returns how to stop that. */
  readonly onChange?: (tell: () => void) => () => void;
  readonly onReported?: (report: PostedReport) => void;
  /** Told the Events about the node, in order, to be recorded. */
  readonly onEvent?: (event: NodeEvent) => void;
}

/**
 * Keeps a Node's status in the API server up to date until the signal is aborted: then it resolves. The status is
 * computed every 10 s, and every 100 ms until the node is ready for the first time (for two minutes at the most);
 * {@link planStatusReport} says whether it is posted. A round that fails is tried five times, then left to the next
 * one; the failure of a single try never ends the reporting.
 */
export async function reportNodeStatus(client: NodeClient, options: ReportOptions): Promise<void> {
  const doing = doingOf(options);
  const { clock, signal, random } = doing;
  let fastUntil: number | undefined = clock.elapsed() + FAST_FOR_MS;
  let known: V1Node | undefined;
  let due: Date | undefined;
  let cordoned = false;
  const onEvent = options.onEvent ?? (() => {});
  const changes = changesOf(options, doing);
  try {
    for (;;) {
      changes.seen();
      const observed = options.observed?.();
      // A watch may not have seen yet what the last round left; while it is fast, a round need not read that.
      const seen = observed === undefined ? undefined : newerOf(observed, known);
      const first = seen ?? (fastUntil === undefined ? undefined : known);
      const round = await reportOnce(client, options, doing, first, due);
      if (round !== undefined) {
        const cordonEvent = cordonEventOf(cordoned, round.node);
        if (cordonEvent !== undefined) onEvent(cordonEvent);
        cordoned = isCordoned(round.node);
        known = round.node;
        due = round.due;
      }
      const ready = round !== undefined && isReady(round.node);
      if (fastUntil !== undefined && (ready || clock.elapsed() >= fastUntil)) fastUntil = undefined;
      // Tries that all failed are not repeated ten times a second.
      const fast = fastUntil !== undefined && round !== undefined;
      const slow = (options.updatePeriodMs ?? PERIOD_MS) * (1 + JITTER * random());
      const period = fast ? FAST_PERIOD_MS : slow;
      await changes.orAfter(period);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    changes.stop();
  }
}

interface Changes {
  /** What has changed until now is about to be told. */
  seen(): void;
  /** Sleeps for the period, or less where something has changed since then. */
  orAfter(periodMs: number): Promise<void>;
  stop(): void;
}

function changesOf({ onChange }: Pick<ReportOptions, "onChange">, { clock, signal }: Doing): Changes {
  let changed = false;
  let wake: (() => void) | undefined;
  const stop = onChange?.(() => {
    changed = true;
    wake?.();
  });
  return {
    seen: () => (changed = false),
    orAfter: async (periodMs) => {
      const woken = new AbortController();
      wake = () => woken.abort(WOKEN);
      if (changed) wake();
      try {
        await clock.sleep(periodMs, { signal: AbortSignal.any([signal, woken.signal]) });
      } catch (error) {
        if (signal.aborted || !woken.signal.aborted) throw error;
        await clock.sleep(Math.min(AFTER_CHANGE_MS, periodMs), { signal });
      } finally {
        wake = undefined;
      }
    },
    stop: () => stop?.(),
  };
}

interface Round {
  /** The Node as the API server has it after the round. */
  readonly node: V1Node;
  readonly due: Date | undefined;
}

/** One round; undefined where every try failed. */
async function reportOnce(
  client: NodeClient,
  options: ReportOptions,
  doing: Doing & { readonly onFailure: (error: unknown) => void },
  first: V1Node | undefined,
  due: Date | undefined,
): Promise<Round | undefined> {
  const { clock, signal, random, onFailure } = doing;
  const name = options.nodeName;
  let existing = first;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    try {
      const before = existing ?? (await callWithin(doing, (signal) => client.getNode(name, { signal })));
      const next = await callWithin(doing, async () => options.compute(before));
      const report = planStatusReport(
        { node: before, due },
        next,
        clock.now(),
        random(),
        options.reportPeriodMs,
      );
      if (report === undefined) return { node: before, due };
      const after = await callWithin(doing, (signal) =>
        client.patchNodeStatus(name, report.patch, { signal }),
      );
      options.onReported?.({ why: report.why, before, after });
      // The first report is always due, and no later one is without a date.
      const events = nodeEventsOf(before, after, { started: due === undefined });
      for (const event of events) options.onEvent?.(event);
      return { node: after, due: report.due };
    } catch (error) {
      signal.throwIfAborted();
      onFailure(error);
      existing = undefined;
    }
  }
  return undefined;
}

function isReady(node: V1Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** The one of two states of a Node that the API server wrote later, as its numbers tell. */
function newerOf(observed: V1Node, known: V1Node | undefined): V1Node {
  const versionOf = (node: V1Node | undefined): number =>
    Number(node?.metadata?.resourceVersion ?? Number.NaN);
  const isOlder = observed.metadata?.uid === known?.metadata?.uid && versionOf(observed) < versionOf(known);
  return isOlder && known !== undefined ? known : observed;
}
