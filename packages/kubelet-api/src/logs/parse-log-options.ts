import { comparableTimeOf } from "@krustlet/cri-log";

import type { Refusal } from "../http/refusal.ts";

/** What of a log somebody wants. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Only so many lines from the end. */
  readonly tailLines?: number;
  /** Only lines from then on: RFC 3339, UTC, nine digits after the second. */
  readonly since?: string;
  /** At most so many bytes of what is sent. */
  readonly limitBytes?: number;
  /** Only this stream. */
  readonly stream?: "stdout" | "stderr";
}

const INVALID: unique symbol = Symbol("invalid");
const INTEGER = /^[+-]?\d{1,19}$/u;

/** Reads the query of `/containerLogs` as the kubelet does: 400 for what is no value, 422 for what makes no sense. */
export function parseLogOptions(query: URLSearchParams, now: Date): LogOptions | Refusal {
  const tail = query.get("tail") ?? "";
  const tailLines = tail === "all" ? undefined : integerOf(tail === "" ? query.get("tailLines") : tail);
  const sinceSeconds = integerOf(query.get("sinceSeconds"));
  const limitBytes = integerOf(query.get("limitBytes"));
  const sinceTime = timeOf(query.get("sinceTime"));
  const stream = query.get("stream") ?? "All";
  if (tailLines === INVALID) return undecodable("tailLines");
  if (sinceSeconds === INVALID) return undecodable("sinceSeconds");
  if (limitBytes === INVALID) return undecodable("limitBytes");
  if (sinceTime === INVALID) return undecodable("sinceTime");
  if (tailLines !== undefined && tailLines < 0) return senseless("tailLines must not be negative");
  if (limitBytes !== undefined && limitBytes < 1) return senseless("limitBytes must be greater than 0");
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    return senseless("at most one of sinceTime or sinceSeconds may be specified");
  }
  if (sinceSeconds !== undefined && sinceSeconds < 1) return senseless("sinceSeconds must be greater than 0");
  if (!isStream(stream)) return senseless("stream must be All, Stdout or Stderr");
  if (stream !== "All" && tailLines !== undefined) {
    return senseless("tailLines and a specific stream are mutually exclusive");
  }
  return {
    follow: flagOf(query.get("follow")),
    previous: flagOf(query.get("previous")),
    timestamps: flagOf(query.get("timestamps")),
    tailLines,
    since: sinceSeconds === undefined ? sinceTime : ago(now, sinceSeconds),
    limitBytes,
    stream: STREAMS[stream],
  };
}

const STREAMS = { All: undefined, Stdout: "stdout", Stderr: "stderr" } as const;

function isStream(text: string): text is keyof typeof STREAMS {
  return Object.hasOwn(STREAMS, text);
}

/** Everything but `0` and `false` is true, the empty text included. */
function flagOf(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

function integerOf(value: string | null): number | undefined | typeof INVALID {
  if (value === null) return undefined;
  return INTEGER.test(value) ? Number(value) : INVALID;
}

/** Old clients write no time as `null`. */
function timeOf(value: string | null): string | undefined | typeof INVALID {
  if (value === null || value === "" || value === "null") return undefined;
  return comparableTimeOf(value) ?? INVALID;
}

function ago(now: Date, seconds: number): string | undefined {
  const time = new Date(now.getTime() - seconds * 1000);
  // Before all time that a log could be from.
  return Number.isNaN(time.getTime()) ? undefined : comparableTimeOf(time.toISOString());
}

function undecodable(parameter: string): Refusal {
  return { status: 400, text: `Unable to decode query: ${parameter} has no such value.\n` };
}

function senseless(sentence: string): Refusal {
  return { status: 422, text: `Invalid request: ${sentence}.\n` };
}
