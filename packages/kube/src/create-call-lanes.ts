import type { Cancellable, Clock } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import type { RateLimit, TokenBucket } from "./token-bucket.ts";
import { takeToken } from "./token-bucket.ts";

/**
 * How soon a call goes: `urgent` ones (heartbeats) at once, whatever else there is; `normal` ones a few at a time, in
 * their order; `background` ones (Events) while nothing else is going on, after two seconds beside a little, after ten
 * beside anything.
 */
export type CallPriority = "urgent" | "normal" | "background";

/** Options of {@link createCallLanes}. */
export interface CallLanesOptions {
  /** Of everything that is not urgent. Default: none. */
  readonly limit?: RateLimit | undefined;
  readonly clock: Clock;
}

/** Lets calls go when it is their turn. */
export interface CallLanes {
  /**
   * Runs `work` when it is its turn.
   *
   * @throws whatever `work` rejects with; the signal's reason while it waits; KrustletError `Timeout` where its turn
   * does not come within a minute.
   */
  run<T>(priority: CallPriority, work: () => Promise<T>, options?: TurnOptions): Promise<T>;
}

/** Options of {@link CallLanes.run}. */
interface TurnOptions extends Cancellable {
  /** When what is to be called for began to wait, where that was earlier. */
  readonly since?: Date | undefined;
}

interface Waiting {
  /** When it came here, and when it began to wait, by `clock.elapsed()`. */
  readonly came: number;
  readonly since: number;
  readonly go: () => void;
  readonly giveUp: (error: Error) => void;
}

/** With more at once everything is done late; with fewer an API server of many cores would wait for us. */
const NORMAL_AT_ONCE = 10;
const BACKGROUND_AT_ONCE = 2;
/** Nothing else has gone on for so long: now it is quiet. */
const QUIET_MS = 100;
/** After so long background calls go beside a few others, */
const BESIDE_FEW_MS = 2000;
/** and after so long beside any. */
const BESIDE_ANY_MS = 10_000;
const FEW = NORMAL_AT_ONCE / 2;
const LONGEST_WAIT_MS = 60_000;

/** One reason for all: each abort without one makes an error with a stack. */
const REARMED = new Error("another alarm is earlier");

/** One for each API server. */
export function createCallLanes({ limit, clock }: CallLanesOptions): CallLanes {
  const waiting = { normal: new Set<Waiting>(), background: new Set<Waiting>() };
  const running = { normal: 0, background: 0 };
  let quietSince = 0;
  let bucket: TokenBucket | undefined;
  let alarm: { readonly at: number; readonly end: AbortController } | undefined;

  const now = (): number => clock.elapsed();

  /** Milliseconds since `date`; none since one to come, of a clock that was set back. */
  const agoOf = (date: Date): number => Math.max(0, clock.now().getTime() - date.getTime());

  /** Milliseconds until a call of this lane may go; undefined where it has to wait for another one to end. */
  function waitOf(lane: "normal" | "background", since: number): number | undefined {
    if (lane === "normal") {
      if (running.normal >= NORMAL_AT_ONCE) return undefined;
    } else {
      if (running.background >= BACKGROUND_AT_ONCE) return undefined;
      const waited = now() - since;
      const waits = [BESIDE_ANY_MS - waited];
      if (running.normal <= FEW && waiting.normal.size === 0) waits.push(BESIDE_FEW_MS - waited);
      if (running.normal === 0 && waiting.normal.size === 0) waits.push(quietSince + QUIET_MS - now());
      const wait = Math.min(...waits);
      if (wait > 0) return wait;
    }
    if (limit === undefined || limit.perSecond <= 0) return 0;
    const taken = takeToken(bucket, now(), limit);
    bucket = taken.bucket;
    return taken.waitMs;
  }

  function pump(): void {
    for (const lane of ["normal", "background"] as const) {
      for (const first of waiting[lane]) {
        const left = first.came + LONGEST_WAIT_MS - now();
        if (left <= 0) {
          waiting[lane].delete(first);
          first.giveUp(tooLate());
          continue;
        }
        const wait = waitOf(lane, first.since);
        if (wait !== 0) {
          wakeIn(Math.min(wait ?? left, left));
          break;
        }
        waiting[lane].delete(first);
        running[lane] += 1;
        first.go();
      }
    }
  }

  function wakeIn(ms: number): void {
    const at = now() + ms;
    if (alarm !== undefined && alarm.at <= at) return;
    alarm?.end.abort(REARMED);
    const end = new AbortController();
    const own = { at, end };
    alarm = own;
    const ring = (): void => {
      if (alarm !== own) return;
      alarm = undefined;
      pump();
    };
    clock.sleep(ms, { signal: end.signal }).then(ring, () => undefined);
  }

  /** Resolves when it is the call's turn; from then on it counts as running. */
  async function turn(lane: "normal" | "background", options: TurnOptions): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    const came = now();
    const since = options.since === undefined ? came : came - agoOf(options.since);
    if (waiting[lane].size === 0 && waitOf(lane, since) === 0) {
      running[lane] += 1;
      return;
    }
    let abort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const entry: Waiting = { came, since, go: resolve, giveUp: reject };
        waiting[lane].add(entry);
        abort = () => {
          // At once: a turn that came to it now would be nobody's, and never end.
          waiting[lane].delete(entry);
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", abort, { once: true });
        pump();
      });
    } finally {
      if (abort !== undefined) signal?.removeEventListener("abort", abort);
    }
  }

  return {
    run: async (priority, work, options = {}) => {
      if (priority === "urgent") return work();
      await turn(priority, options);
      try {
        return await work();
      } finally {
        running[priority] -= 1;
        if (priority === "normal") quietSince = now();
        pump();
      }
    },
  };
}

function tooLate(): KrustletError {
  const sentence = "The calls before this one take more than a minute.";
  return new KrustletError("Timeout", sentence, { retryable: true });
}
