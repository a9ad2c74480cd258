import { KrustletError } from "@krustlet/interface";

import type { CrashRecord } from "./back-off.ts";
import type { Checkpoint, ContainerCheckpoint } from "./checkpoint.ts";
import type { ContainerExitRecord } from "./container-graph.ts";
import type { PodOutcome } from "./pod-graph.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a {@link Checkpoint} that was written as JSON. What it does not know is left out.
 * @throws KrustletError `InvalidObject`: the text is none, or not one of this version.
 */
export function parseCheckpoint(text: string): Checkpoint {
  try {
    const fields = objectOf(JSON.parse(text), "it");
    if (fields["version"] !== 1) throw new Error(`version is ${JSON.stringify(fields["version"])}, not 1`);
    return {
      version: 1,
      namespace: textOf(fields, "namespace"),
      name: textOf(fields, "name"),
      uid: textOf(fields, "uid"),
      startTime: timeOf(fields, "startTime"),
      containers: listOf(fields, "containers").map((each) => containerOf(objectOf(each, "a container"))),
      ending: optional(fields, "ending", endingOf),
      outcome: optional(fields, "outcome", outcomeOf),
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KrustletError("InvalidObject", `it is no checkpoint: ${why}`, { cause });
  }
}

function containerOf(fields: Fields): ContainerCheckpoint {
  return {
    name: textOf(fields, "name"),
    image: optional(fields, "image", textIn),
    imageID: optional(fields, "imageID", textIn),
    attempt: countOf(fields, "attempt"),
    exits: countOf(fields, "exits"),
    run: optional(fields, "run", (run) => {
      const known = objectOf(run, "run");
      return {
        containerID: optional(known, "containerID", textIn),
        startedAt: optional(known, "startedAt", timeIn),
      };
    }),
    exit: optional(fields, "exit", exitOf),
    lastExit: optional(fields, "lastExit", exitOf),
    crash: optional(fields, "crash", crashOf),
  };
}

function exitOf(value: unknown): ContainerExitRecord {
  const fields = objectOf(value, "exit");
  return {
    exitCode: countOf(fields, "exitCode"),
    reason: textOf(fields, "reason"),
    message: optional(fields, "message", textIn),
    startedAt: optional(fields, "startedAt", timeIn),
    finishedAt: timeOf(fields, "finishedAt"),
    containerID: optional(fields, "containerID", textIn),
  };
}

function crashOf(value: unknown): CrashRecord {
  const fields = objectOf(value, "crash");
  return { delayMs: countOf(fields, "delayMs"), since: timeOf(fields, "since") };
}

function endingOf(value: unknown): NonNullable<Checkpoint["ending"]> {
  const fields = objectOf(value, "ending");
  const cause = textOf(fields, "cause");
  if (cause !== "evicted" && cause !== "deadline") throw new Error(`cause is ${JSON.stringify(cause)}`);
  return { cause, ...whyOf(fields) };
}

function outcomeOf(value: unknown): PodOutcome {
  const fields = objectOf(value, "outcome");
  const phase = textOf(fields, "phase");
  if (phase !== "Succeeded" && phase !== "Failed") throw new Error(`phase is ${JSON.stringify(phase)}`);
  return { phase, rejected: fields["rejected"] === true, ...whyOf(fields) };
}

function whyOf(fields: Fields): Pick<PodOutcome, "reason" | "message" | "disruption"> {
  return {
    reason: optional(fields, "reason", textIn),
    message: optional(fields, "message", textIn),
    disruption: fields["disruption"] === true ? true : undefined,
  };
}

function optional<T>(fields: Fields, name: string, read: (value: unknown, name: string) => T): T | undefined {
  return Object.hasOwn(fields, name) ? read(fields[name], name) : undefined;
}

function textOf(fields: Fields, name: string): string {
  return textIn(
    optional(fields, name, (value) => value),
    name,
  );
}

function textIn(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${name} is no text`);
}

function timeOf(fields: Fields, name: string): Date {
  return timeIn(
    optional(fields, name, (value) => value),
    name,
  );
}

function timeIn(value: unknown, name: string): Date {
  const time = new Date(typeof value === "string" ? value : Number.NaN);
  if (Number.isNaN(time.getTime())) throw new Error(`${name} is no time`);
  return time;
}

function countOf(fields: Fields, name: string): number {
  const value = optional(fields, name, (each) => each);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name} is no count`);
}

function listOf(fields: Fields, name: string): readonly unknown[] {
  const value: unknown = optional(fields, name, (each) => each);
  if (Array.isArray(value)) return value;
  throw new Error(`${name} is no list`);
}

function objectOf(value: unknown, name: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${name} is no object`);
}
