import { comparableTimeOf } from "@krustlet/cri-log";
import type { CriLogEntry } from "@krustlet/cri-log";

import type { LogOptions } from "./parse-log-options.ts";

const NEWLINE = Buffer.from("\n");

/** Makes what a reader of a log sees of its entries, in their order. */
export interface LogText {
  /** What is seen of `entries`; copied, and empty where nothing is. */
  add(entries: readonly CriLogEntry[]): Buffer;
  /** Whether as much has been given as was asked for. */
  readonly full: boolean;
}

/**
 * Joins partial entries to the lines that they are pieces of. A line is as old as its first piece, and its time stands
 * before that one alone. Pieces stay in the order in which they were written, whatever their streams, as on a terminal.
 */
export function createLogText({ since, stream, timestamps, limitBytes = Infinity }: LogOptions): LogText {
  let remaining = limitBytes;
  let open = false;
  let shown = false;

  const add = (entry: CriLogEntry, pieces: Buffer[]): void => {
    if (stream !== undefined && entry.stream !== stream) return;
    const first = !open;
    // Of a line whose time cannot be read nobody knows that it is too old.
    if (first) shown = since === undefined || (comparableTimeOf(entry.time) ?? since) >= since;
    open = entry.partial;
    if (!shown) return;
    if (first && timestamps) pieces.push(Buffer.from(`${comparableTimeOf(entry.time) ?? entry.time} `));
    pieces.push(entry.text);
    if (!entry.partial) pieces.push(NEWLINE);
  };

  return {
    add: (entries) => {
      const pieces: Buffer[] = [];
      for (const entry of entries) add(entry, pieces);
      const text = Buffer.concat(pieces).subarray(0, remaining === Infinity ? undefined : remaining);
      remaining -= text.length;
      return text;
    },
    get full() {
      return remaining <= 0;
    },
  };
}
