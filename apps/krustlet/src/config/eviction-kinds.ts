import { demandEvictionSignals, parseEvictionThresholds, parseMinimumReclaims } from "@krustlet/eviction";

import { formatDuration, parseDuration } from "./duration.ts";
import type { SettingKind } from "./setting.ts";
import { map } from "./setting-kinds.ts";

type Texts = Readonly<Record<string, string>>;
type Durations = Readonly<Record<string, number>>;

/** Eviction thresholds by signal. */
export const THRESHOLDS: SettingKind<Texts> = checked(map("<", "SIGNAL<AMOUNT,…"), parseEvictionThresholds);

/** Amounts by signal. */
export const RECLAIMS: SettingKind<Texts> = checked(map("=", "SIGNAL=AMOUNT,…"), parseMinimumReclaims);

/** Milliseconds by signal. */
export const GRACE_PERIODS: SettingKind<Durations> = (() => {
  const texts = checked(map("=", "SIGNAL=DURATION,…"), (entries) =>
    demandEvictionSignals(Object.keys(entries)),
  );
  const durationsOf = (entries: Texts): Durations =>
    Object.fromEntries(Object.entries(entries).map(([signal, text]) => [signal, durationOf(signal, text)]));
  return {
    value: texts.value,
    parse: (text) => durationsOf(texts.parse(text)),
    read: (value) => durationsOf(texts.read(value)),
    show: (durations) =>
      Object.fromEntries(Object.entries(durations).map(([signal, ms]) => [signal, formatDuration(ms)])),
  };
})();

/** What the room of eviction makes of it is the judge. */
function checked(kind: SettingKind<Texts>, check: (entries: Texts) => unknown): SettingKind<Texts> {
  const judged = (entries: Texts): Texts => {
    try {
      check(entries);
    } catch (cause) {
      throw new Error(`cannot be: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    return entries;
  };
  return { ...kind, parse: (text) => judged(kind.parse(text)), read: (value) => judged(kind.read(value)) };
}

function durationOf(signal: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (cause) {
    throw new Error(
      `has a time of ${signal} that ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}
