import type { Clock } from "@krustlet/interface";
import { isApiError } from "./api-error.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { CallOptions, Kube } from "./kube.ts";
import { pathOf } from "./kube.ts";
import type { EventInit, EventSource, SimilarEvents, ToldEvent } from "./plan-event.ts";
import { buildEvent, eventKeysOf, eventNameOf, planEvent } from "./plan-event.ts";
import { systemClock } from "@krustlet/clock";
import type { RateLimit, TokenBucket } from "./token-bucket.ts";
import { takeToken } from "./token-bucket.ts";

/** Options of {@link createEventRecorder}. */
export interface EventRecorderOptions extends EventSource {
  /** `eventRecordQPS` and `eventBurst`. Default: 50 a second, 100 at once. */
  readonly limit?: RateLimit;
  /** Ends the recorder; what is not told yet is forgotten. */
  readonly signal?: AbortSignal;
  /** Told of Events that nobody will see, and why. */
  readonly onDropped?: (event: EventInit, why: unknown) => void;
  readonly clock?: Clock;
}

/** Tells the API server what happens, as well as it can. */
export interface EventRecorder {
  /** Neither throws nor waits. */
  record(event: EventInit): void;
  /** Resolves when everything that was recorded has been told or given up. */
  flush(): Promise<void>;
}

interface Queued {
  readonly event: EventInit;
  readonly at: Date;
}

const REMEMBERED = 4096;
const MAX_QUEUED = 20_000;
/** As client-go: no answer is tried again so often, an answer that is a refusal never. */
const TRIES = 12;
const RETRY_MS = 10_000;

/**
 * Records Events with client-go's aggregation, spam filter and limits, one after the other in the order in which they
 * happened, and in the background: status writes have the API server to themselves.
 */
export function createEventRecorder(kube: Kube, options: EventRecorderOptions): EventRecorder {
  const { clock = systemClock, limit = { perSecond: 50, burst: 100 }, signal } = options;
  const source: EventSource = { component: options.component, host: options.host };
  const similar = new BoundedMap<SimilarEvents>(REMEMBERED);
  const spam = new BoundedMap<TokenBucket>(REMEMBERED);
  const told = new BoundedMap<ToldEvent>(REMEMBERED);
  const cancellable = signal === undefined ? {} : { signal };
  let queue: Queued[] = [];
  let telling: Promise<void> | undefined;
  const over = (): boolean => signal?.aborted === true;
  let bucket: TokenBucket | undefined;
  let sequence = 0;

  async function tellAll(): Promise<void> {
    // Not in the turn in which something happens: that is for what follows from it.
    await Promise.resolve();
    while (queue.length > 0 && !over()) {
      const batch = queue;
      queue = [];
      for (const { event, at } of batch) {
        if (over()) return;
        try {
          await tell(event, at);
        } catch (error) {
          if (!over()) options.onDropped?.(event, error);
        }
      }
    }
  }

  async function tell(event: EventInit, at: Date): Promise<void> {
    const keys = eventKeysOf(event);
    const memory = { similar: similar.get(keys.similar), bucket: spam.get(keys.bucket) };
    const plan = planEvent(event, memory, at);
    similar.set(keys.similar, plan.similar);
    spam.set(keys.bucket, plan.bucket);
    const before = told.get(plan.toldKey);
    const now: ToldEvent = before
      ? { ...before, count: before.count + 1 }
      : { name: eventNameOf(event.object, at, (sequence += 1)), count: 1, firstAt: at };
    if (plan.drop) {
      // It counts all the same, should its like be told again.
      if (before !== undefined) told.set(plan.toldKey, now);
      options.onDropped?.(event, undefined);
      return;
    }
    await withinLimit();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await send(event, plan.message, now, at, before !== undefined);
        told.set(plan.toldKey, now);
        return;
      } catch (error) {
        if (over() || attempt >= TRIES) throw error;
        if (isApiError(error) && error.code !== 429 && error.code < 500) throw error;
        await clock.sleep((isApiError(error) ? error.retryAfterMs : undefined) ?? RETRY_MS, cancellable);
      }
    }
  }

  async function send(
    event: EventInit,
    message: string,
    now: ToldEvent,
    at: Date,
    again: boolean,
  ): Promise<void> {
    const inBackground: CallOptions = { priority: "background", since: at, ...cancellable };
    const body = buildEvent(event, source, message, now, at);
    const path = pathOf("api", "v1", "namespaces", body.metadata.namespace, "events");
    if (again) {
      const patch = { count: now.count, lastTimestamp: at, message };
      try {
        await kube.request({ method: "PATCH", path: path + pathOf(now.name), body: patch }, inBackground);
        return;
      } catch (error) {
        // It has expired: the API server keeps Events for an hour.
        if (!isApiError(error, 404)) throw error;
      }
    }
    await kube.request({ method: "POST", path, body }, inBackground);
  }

  async function withinLimit(): Promise<void> {
    if (limit.perSecond <= 0) return;
    for (;;) {
      const taken = takeToken(bucket, clock.elapsed(), limit);
      bucket = taken.bucket;
      if (taken.waitMs === 0) return;
      await clock.sleep(taken.waitMs, cancellable);
    }
  }

  return {
    record: (event) => {
      if (over()) return;
      if (queue.length >= MAX_QUEUED) {
        options.onDropped?.(event, undefined);
        return;
      }
      queue.push({ event, at: clock.now() });
      telling ??= tellAll().finally(() => {
        telling = undefined;
      });
    },
    flush: async () => {
      for (let under = telling; under !== undefined; under = telling) await under;
    },
  };
}
