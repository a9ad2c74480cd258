import { within } from "@krustlet/clock";
import type { Clock } from "@krustlet/interface";

import type { ByteSink } from "../cli-host.ts";

/** Lines on their way to whoever reads them. */
export interface WaitingLines {
  /** Never waits. */
  write(line: string): void;
  /** Why the last line is lost; undefined: it is not. */
  failure(): Error | undefined;
  /** Waits for the lines that were written, and no longer than it may. */
  end(): Promise<void>;
}

/** How patient {@link waitingLines} is. */
export interface Patience {
  /** Characters of lines that may wait for a reader who is slow; what comes then is lost rather than kept. */
  readonly most: number;
  /** How long the last of them are waited for. */
  readonly endMs: number;
  readonly clock: Clock;
}

/** Sends lines to a sink whose reader may be slow, or stand still: neither memory nor the end of the process is his. */
export function waitingLines(sink: ByteSink, { most, endMs, clock }: Patience): WaitingLines {
  let waiting = 0;
  let lost: Error | undefined;
  let broken: Error | undefined;
  let written = Promise.resolve();
  void sink.failed.then((error) => (broken = error));
  const send = async (line: string): Promise<void> => {
    waiting += line.length;
    await sink.write(line);
    waiting -= line.length;
  };
  return {
    write: (line) => {
      if (waiting + line.length > most) {
        lost = new Error("nobody reads the log, and lines are lost");
        return;
      }
      lost = undefined;
      written = send(line);
    },
    failure: () => broken ?? lost,
    end: () => within({ clock, ms: endMs, late: () => undefined }, () => written),
  };
}
