import type { TokenBucket } from "./token-bucket.ts";
import { takeToken } from "./token-bucket.ts";

/** What an event happened to. */
export interface EventObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for what has none, as nodes. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** Something that happened to an object, to be told as a Kubernetes Event. */
export interface EventInit {
  readonly object: EventObject;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** `spec.containers{name}` where it happened to a container. */
  readonly fieldPath?: string;
  /** Default: none. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Who tells it. */
export interface EventSource {
  readonly component: string;
  readonly host: string;
}

/** Different messages of one reason about one object, lately. */
export interface SimilarEvents {
  readonly messages: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}

/** An Event that the API server has, as far as repeating it needs that. */
export interface ToldEvent {
  readonly name: string;
  readonly count: number;
  readonly firstAt: Date;
}

/** What is remembered of earlier events, by the keys of {@link eventKeysOf}. */
export interface EventMemory {
  readonly similar?: SimilarEvents | undefined;
  readonly bucket?: TokenBucket | undefined;
}

/** What is to be done about an event. */
export interface EventPlan {
  readonly similar: SimilarEvents;
  readonly bucket: TokenBucket;
  /** Under which key a {@link ToldEvent} of its like is remembered. */
  readonly toldKey: string;
  /** The message to be told: of one that stands for several it says so. */
  readonly message: string;
  /** This object has had too many events lately. */
  readonly drop: boolean;
}

/** After so many different messages of one reason within `SIMILAR_MS` they are told as one. */
const MAX_SIMILAR = 10;
const SIMILAR_MS = 600_000;
/** What one object may have told: 25 at once, then one in five minutes. */
const SPAM = { burst: 25, perSecond: 1 / 300 };
/** A guest or registry may have a hand in what a message says, and how long it is. */
const MAX_MESSAGE = 1024;

/** Pure: under which keys an event's likes are remembered. */
export function eventKeysOf({ object, type, reason }: EventInit): { similar: string; bucket: string } {
  const { kind, namespace, name, uid, apiVersion } = object;
  return {
    similar: JSON.stringify([kind, namespace, name, uid, apiVersion, type, reason]),
    bucket: JSON.stringify([kind, namespace, name, uid, apiVersion]),
  };
}

/**
 * Pure: what client-go's event correlator makes of an event: the same one again only counts up; the tenth different
 * message of one reason within ten minutes, and all after it, are told as one; an object that has too many is not heard.
 */
export function planEvent(event: EventInit, memory: EventMemory, now: Date): EventPlan {
  const at = now.getTime();
  const keys = eventKeysOf(event);
  const text =
    event.message.length > MAX_MESSAGE ? `${event.message.slice(0, MAX_MESSAGE - 1)}…` : event.message;
  const recent = memory.similar !== undefined && at - memory.similar.lastAt <= SIMILAR_MS;
  const messages = new Set(recent ? memory.similar?.messages : undefined).add(text);
  const combined = messages.size >= MAX_SIMILAR;
  // The set does not grow: one goes for each that comes.
  if (combined) messages.delete(messages.values().next().value ?? "");
  const { bucket, waitMs } = takeToken(memory.bucket, at, SPAM);
  return {
    similar: { messages, lastAt: at },
    bucket,
    toldKey: combined ? keys.similar : JSON.stringify([keys.similar, event.fieldPath, text]),
    message: combined ? `(combined from similar events): ${text}` : text,
    drop: waitMs > 0,
  };
}

/** Pure: the Event as the API server takes it. */
export function buildEvent(
  { object, type, reason, fieldPath, annotations }: EventInit,
  source: EventSource,
  message: string,
  told: ToldEvent,
  now: Date,
): Record<string, unknown> & { metadata: { name: string; namespace: string } } {
  return {
    apiVersion: "v1",
    kind: "Event",
    // Events of what has no namespace, as of nodes, are in this one.
    metadata: {
      name: told.name,
      namespace: object.namespace ?? "default",
      ...(annotations !== undefined && { annotations }),
    },
    involvedObject: { ...object, ...(fieldPath !== undefined && { fieldPath }) },
    type,
    reason,
    message,
    source,
    reportingComponent: source.component,
    reportingInstance: source.host,
    count: told.count,
    firstTimestamp: told.firstAt,
    lastTimestamp: now,
  };
}

/** Pure: an Event's name, which no other has: the object's, and the time in nanoseconds. */
export function eventNameOf(object: EventObject, now: Date, sequence: number): string {
  const nanoseconds = BigInt(now.getTime()) * 1_000_000n + BigInt(sequence % 1_000_000);
  return `${object.name}.${nanoseconds.toString(16)}`;
}
