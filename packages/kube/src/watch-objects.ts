import { KrustletError } from "@krustlet/interface";
import type { Clock } from "@krustlet/interface";
import { Observable } from "rxjs";
import { isApiError } from "./api-error.ts";
import { createLineSplitter } from "./json-lines.ts";
import { KnownObjects } from "./known-objects.ts";
import type { ObjectChange } from "./known-objects.ts";
import type { Kube } from "./kube.ts";
import type { ObjectTarget } from "./list-objects.ts";
import { listObjects } from "./list-objects.ts";
import type { WatchedObject } from "./parse-watch-event.ts";
import { parseWatchEvent } from "./parse-watch-event.ts";
import { planBackOff } from "./plan-back-off.ts";
import { isAway } from "./reachability.ts";
import { systemClock } from "@krustlet/clock";

/** Options of {@link watchObjects}. */
export interface WatchOptions<T> {
  /** What is told of an object that came as JSON: `podFromJson` for Pods. Takes the object over. Default: as it came. */
  readonly decode?: (object: T) => T;
  /** Told of every failure, and after how many milliseconds at most the watch goes on. */
  readonly onFailure?: (error: unknown, retryInMs: number) => void;
  /** Told when a connection is given up because nothing came on it for so long. The watch goes on at once. */
  readonly onSilence?: () => void;
  /** Milliseconds without a byte after which a connection may be dead. Default 90,000: bookmarks come each minute. */
  readonly silentAfterMs?: number;
  readonly clock?: Clock;
  /** A number from 0 up to 1. */
  readonly random?: () => number;
}

/**
 * An API server sends a bookmark about once a minute; a connection without any for longer may be dead. It need not be:
 * of a kind of which nothing has happened since the API server was started, no bookmarks are sent.
 */
const SILENT_AFTER_MS = 90_000;
/** How long all objects may take to come, before they are listed instead. */
const INITIAL_MS = 30_000;
/** A watch that ends sooner, and said nothing, has failed. */
const SHORTEST_MS = 1000;
/** One reason for all: each abort without one makes an error with a stack. */
const WOKEN = new Error("there is no more reason to wait");

/**
 * Follows the objects of a target for as long as it is subscribed to. It never fails and never completes: where the
 * API server cannot be reached, or says no, it tries again for ever, with waits from 200 ms to 30 s, and as soon
 * as other calls of the same {@link Kube} are answered again.
 *
 * After a gap it goes on where it was. Where the API server no longer knows what was missed (410) everything is read
 * again, and what differs is told, `deleted` with the last state that was known included: no change of an object is
 * lost (several may be told as one), none is told twice.
 */
export function watchObjects<T extends WatchedObject>(
  kube: Kube,
  target: ObjectTarget,
  options: WatchOptions<T> = {},
): Observable<ObjectChange<T>> {
  return new Observable((subscriber) => {
    const end = new AbortController();
    const follower = new Follower(kube, target, options, (change) => subscriber.next(change), end.signal);
    follower.run().catch((error: unknown) => {
      if (!end.signal.aborted) subscriber.error(error);
    });
    return () => end.abort();
  });
}

class Follower<T extends WatchedObject> {
  readonly #kube: Kube;
  readonly #target: ObjectTarget;
  readonly #options: WatchOptions<T>;
  readonly #tell: (change: ObjectChange<T>) => void;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #known = new KnownObjects<T>();
  /** Everything up to here has been told; undefined where all has to be read again. */
  #version: string | undefined;
  /** Whether the API server streams what there is, before what changes. */
  #streams = true;
  #synced = false;
  #failures = 0;
  /** Whether nobody answered the last try. */
  #away = false;

  constructor(
    kube: Kube,
    target: ObjectTarget,
    options: WatchOptions<T>,
    tell: (change: ObjectChange<T>) => void,
    signal: AbortSignal,
  ) {
    this.#kube = kube;
    this.#target = target;
    this.#options = options;
    this.#tell = tell;
    this.#signal = signal;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const failure = await this.#round();
      if (failure === undefined) continue;
      const away = isAway(failure);
      // Whoever answers again, though it be no, has not been asked too often.
      this.#failures = this.#away && !away ? 1 : this.#failures + 1;
      this.#away = away;
      const asked = isApiError(failure) ? failure.retryAfterMs : undefined;
      const wait = planBackOff(this.#failures, this.#random(), asked);
      this.#options.onFailure?.(failure, wait);
      if (away && asked === undefined) await this.#sleepOrReach(wait);
      else await this.#clock.sleep(wait, { signal: this.#signal });
    }
  }

  /** Waits so long, or until the API server answers others again. */
  async #sleepOrReach(ms: number): Promise<void> {
    const wake = new AbortController();
    const end = (): void => wake.abort(WOKEN);
    const reachable = this.#kube.reachable$.subscribe(end);
    this.#signal.addEventListener("abort", end, { once: true });
    await this.#clock.sleep(ms, { signal: wake.signal }).catch(() => undefined);
    this.#signal.removeEventListener("abort", end);
    reachable.unsubscribe();
    if (!wake.signal.aborted) return;
    // As after a first failure, with its jitter: all watches of all nodes learn of it at once.
    this.#failures = 0;
    await this.#clock.sleep(planBackOff(1, this.#random()), { signal: this.#signal });
  }

  /** Reads what there is if it has to, and watches until the connection ends; what it failed with, if it did. */
  async #round(): Promise<unknown> {
    const startedAt = this.#clock.elapsed();
    const failures = this.#failures;
    try {
      if (this.#version === undefined && !this.#streams) await this.#list();
      const events = await this.#watch();
      if (events > 0 || this.#clock.elapsed() - startedAt >= SHORTEST_MS) return undefined;
      return new KrustletError("ApiServerUnavailable", `The watch of ${this.#target.path} ends at once.`);
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      const refused = isApiError(error) && (error.code === 400 || error.code === 422);
      if (refused && this.#version === undefined && this.#streams) {
        this.#streams = false;
        return undefined;
      }
      // Too old to be gone on with; a first time is no failure.
      if (isApiError(error, 410) && this.#version !== undefined) {
        this.#version = undefined;
        if (failures === 0) return undefined;
      }
      return error;
    }
  }

  async #list(): Promise<void> {
    const list = await listObjects<T>(this.#kube, this.#target, this.#signal);
    const events = this.#known.replace(list.items.map((object) => this.#decode(object)));
    for (const event of events) this.#tell(event);
    this.#arrived(list.resourceVersion);
  }

  /** One connection, to its end. How many events it brought. */
  async #watch(): Promise<number> {
    const connection = new AbortController();
    const abort = (): void => connection.abort();
    this.#signal.addEventListener("abort", abort, { once: true });
    const initial = this.#version === undefined ? new Map<string, T>() : undefined;
    const call = { path: this.#target.path, query: this.#query() };
    const split = createLineSplitter();
    let count = 0;
    let late = false;
    let opened = false;
    const giveUp = async (): Promise<void> => {
      await this.#clock.sleep(INITIAL_MS, { signal: connection.signal });
      late = this.#version === undefined;
      if (late) connection.abort();
    };
    if (initial !== undefined) giveUp().catch(() => undefined);
    try {
      const silentAfterMs = this.#options.silentAfterMs ?? SILENT_AFTER_MS;
      const stream = await this.#kube.open(call, { signal: connection.signal, silentAfterMs });
      opened = true;
      for await (const chunk of stream) {
        for (const line of split(chunk)) {
          if (this.#signal.aborted) return count;
          this.#take(line, initial);
          count += 1;
          this.#failures = 0;
        }
      }
      return count;
    } catch (error) {
      if (opened && this.#version !== undefined && isTimeout(error)) {
        this.#options.onSilence?.();
        return count + 1;
      }
      if (!late) throw error;
      this.#streams = false;
      return count + 1;
    } finally {
      connection.abort();
      this.#signal.removeEventListener("abort", abort);
    }
  }

  #take(line: string, initial: Map<string, T> | undefined): void {
    const event = parseWatchEvent<T>(line, `watch of ${this.#target.path}`);
    if (event === undefined) {
      const sentence = `What the watch of ${this.#target.path} brought is no event of a watch.`;
      throw new KrustletError("ApiServerUnavailable", sentence, { retryable: true });
    }
    if (event.type === "ERROR") throw event.error;
    const arriving = this.#version === undefined;
    if (event.type === "BOOKMARK") {
      if (!arriving) this.#version = event.resourceVersion;
      else if (event.initialEnd) {
        for (const change of this.#known.replace(initial?.values() ?? [])) this.#tell(change);
        initial?.clear();
        this.#arrived(event.resourceVersion);
      }
      return;
    }
    const version = event.object.metadata?.resourceVersion;
    const object = this.#decode(event.object);
    const uid = `${object.metadata?.namespace}/${object.metadata?.name}`;
    if (event.type === "DELETED") {
      initial?.delete(uid);
      for (const change of this.#known.remove(object)) this.#tell(change);
    } else {
      if (arriving) initial?.set(uid, object);
      for (const change of this.#known.put(object)) this.#tell(change);
    }
    if (!arriving) this.#version = version;
  }

  #arrived(version: string): void {
    this.#version = version;
    this.#failures = 0;
    if (!this.#synced) this.#tell({ type: "synced" });
    this.#synced = true;
  }

  #query(): Record<string, string | number | boolean | undefined> {
    const { fieldSelector, labelSelector } = this.#target;
    // As client-go does: watches do not all end in the same moment.
    const timeoutSeconds = Math.round(300 * (1 + this.#random()));
    const query = { watch: true, allowWatchBookmarks: true, timeoutSeconds, fieldSelector, labelSelector };
    return this.#version === undefined
      ? { ...query, sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }
      : { ...query, resourceVersion: this.#version };
  }

  #decode(object: T): T {
    return this.#options.decode?.(object) ?? object;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof KrustletError && error.code === "Timeout";
}
