import { parseTaints } from "@krustlet/node";
import { parseQuantity, valueOf } from "@krustlet/quantity";
import type { ShutdownPeriod } from "@krustlet/kubelet";
import type { V1Taint } from "@kubernetes/client-node";

import { formatDuration, parseDuration } from "./duration.ts";
import type { SettingKind } from "./setting.ts";

/** Any text. */
export const TEXT: SettingKind<string> = { value: "TEXT", parse: (text) => text, read: asText, show: same };

/** A path; who reads the settings makes it absolute. */
export const PATH: SettingKind<string> = { ...TEXT, value: "PATH", isPath: true };

/** An address of an interface. */
export const ADDRESS: SettingKind<string> = { ...TEXT, value: "IP" };

/** `true` or `false`; the bare flag is `true`. */
export const BOOLEAN: SettingKind<boolean> = {
  value: "true|false",
  bare: "true",
  parse: (text) => {
    if (/^(?:true|t|1)$/iu.test(text)) return true;
    if (/^(?:false|f|0)$/iu.test(text)) return false;
    throw new Error("is neither true nor false");
  },
  read: (value) => value === true,
  show: same,
};

/** A whole number within bounds. */
export function integer(least: number, most: number, value = "N"): SettingKind<number> {
  const within = (number: number): number => {
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new Error(`is no whole number from ${least} to ${most}`);
  };
  return {
    value,
    parse: (text) => within(/^[-+]?\d+$/u.test(text) ? Number(text) : Number.NaN),
    read: (given) => within(Number(given)),
    show: same,
  };
}

/** One of several words. */
export function choice<const Word extends string>(...words: readonly Word[]): SettingKind<Word> {
  const parse = (text: string): Word => {
    const word = words.find((each) => each === text);
    if (word === undefined) throw new Error(`is not one of ${words.join(", ")}`);
    return word;
  };
  return { value: words.join("|"), parse, read: (given) => parse(asText(given)), show: same };
}

/** Go's durations, such as `1h30m`, in milliseconds; none is negative. */
export const DURATION: SettingKind<number> = {
  value: "DURATION",
  parse: parseDuration,
  read: (value) => parseDuration(asText(value)),
  show: formatDuration,
};

/** A duration within bounds, which are given as durations. */
export function durationWithin(least: string, most: string): SettingKind<number> {
  const within = (ms: number): number => {
    if (ms >= parseDuration(least) && ms <= parseDuration(most)) return ms;
    throw new Error(`is not from ${least} to ${most}`);
  };
  return {
    ...DURATION,
    parse: (text) => within(DURATION.parse(text)),
    read: (value) => within(DURATION.read(value)),
  };
}

/** An amount of bytes such as `10Mi`. */
export const BYTES: SettingKind<number> = {
  value: "BYTES",
  parse: bytesOf,
  read: (value) => bytesOf(asText(value)),
  show: String,
};

/** Words separated by commas. */
export const LIST: SettingKind<readonly string[]> = {
  value: "A,B",
  parse: (text) => text.split(",").flatMap((each) => (each.trim() === "" ? [] : [each.trim()])),
  read: (value) => (Array.isArray(value) ? value.map(String) : LIST.parse(asText(value))),
  show: (value) => [...value],
};

/** Values by name; `sign` stands between them on the command line. */
export function map(sign: "=" | "<", value: string): SettingKind<Readonly<Record<string, string>>> {
  const parse = (text: string): Readonly<Record<string, string>> => {
    const entries = LIST.parse(text).map((each) => {
      const at = each.indexOf(sign);
      if (at < 1) throw new Error(`is no list of name${sign}value, separated by commas`);
      return [each.slice(0, at).trim(), each.slice(at + 1).trim()] as const;
    });
    return Object.fromEntries(entries);
  };
  return {
    value,
    parse,
    read: (given) =>
      typeof given === "object" && given !== null
        ? Object.fromEntries(Object.entries(given).map(([name, each]) => [name, String(each)]))
        : parse(asText(given)),
    show: (entries) => ({ ...entries }),
  };
}

/** Amounts of resources by name. */
export const AMOUNTS: SettingKind<Readonly<Record<string, string>>> = amounts();

/** Taints of the node; undefined are Krustlet's own, an empty text is none. */
export const TAINTS: SettingKind<readonly V1Taint[] | undefined> = {
  value: "KEY=VALUE:EFFECT",
  parse: taintsOf,
  // What a file says is put as a flag would put it, so that there is one judge of taints.
  read: (value) =>
    taintsOf(
      (Array.isArray(value) ? (value as readonly V1Taint[]) : [])
        .map(({ key, value: word, effect }) => `${key}${word === undefined ? "" : `=${word}`}:${effect}`)
        .join(","),
    ),
  show: (taints) => taints?.map(({ key, value, effect }) => ({ key, value, effect })),
};

/** How long pods from each priority up may take; only a file can say it. */
export const SHUTDOWN_PERIODS: SettingKind<readonly ShutdownPeriod[]> = {
  value: "LIST",
  parse: () => {
    throw new Error("can be given in a file only");
  },
  // The schema has looked at it.
  read: (value) => (value as readonly ShutdownPeriod[]).map((period) => ({ ...period })),
  show: (periods) => (periods.length === 0 ? undefined : periods.map((period) => ({ ...period }))),
};

function amounts(): SettingKind<Readonly<Record<string, string>>> {
  const kind = map("=", "cpu=N,memory=BYTES");
  const checked = (entries: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
    for (const [name, amount] of Object.entries(entries)) quantityOf(amount, `of ${name} `);
    return entries;
  };
  return { ...kind, parse: (text) => checked(kind.parse(text)), read: (value) => checked(kind.read(value)) };
}

function taintsOf(text: string): readonly V1Taint[] {
  try {
    return parseTaints(text);
  } catch (cause) {
    throw new Error(`cannot be: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function bytesOf(text: string): number {
  const bytes = quantityOf(text);
  if (bytes <= 0) throw new Error("is no amount of bytes such as 10Mi");
  return bytes;
}

function quantityOf(text: string, what = ""): number {
  try {
    return valueOf(parseQuantity(text));
  } catch (cause) {
    throw new Error(
      `${what === "" ? "is" : `has an amount ${what}that is`} no quantity such as 500m or 1.5Gi`,
      {
        cause,
      },
    );
  }
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : String(value);
}

function same(value: unknown): unknown {
  return value;
}
