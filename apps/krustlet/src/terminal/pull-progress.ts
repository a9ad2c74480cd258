import type { PullProgress } from "@krustlet/interface";

import type { ByteSink, CliHost } from "../cli-host.ts";
import { hasCursor } from "./palette.ts";

/** Shows pulls on stderr. */
export interface PullPrinter {
  readonly show: (progress: PullProgress) => void;
  /** Clears what stands on the terminal; called before anything else is printed there. */
  finish(): Promise<void>;
}

const BAR = 24;
const REDRAW_MS = 80;
/** The cursor's line, and one more: terminals keep what was on a screen that is cleared from its very top. */
const SPARE_ROWS = 2;

/** Bars that move on a terminal; elsewhere a line when a pull begins, is repeated and ends. */
export function pullPrinter(
  { stderr, env }: Pick<CliHost, "stderr" | "env">,
  now: () => number,
): PullPrinter {
  return hasCursor(stderr, env) ? barPrinter(stderr, now) : linePrinter(stderr);
}

/** `--quiet`. */
export function silentPullPrinter(): PullPrinter {
  return { show: () => undefined, finish: () => Promise.resolve() };
}

function linePrinter(sink: ByteSink): PullPrinter {
  const said = new Set<string>();
  let last = Promise.resolve();
  const say = (key: string, line: string): void => {
    if (said.has(key)) return;
    said.add(key);
    last = sink.write(`${line}\n`);
  };
  return {
    show: (progress) => {
      const { reference, digest, state, total } = progress;
      const message = reasonOf(progress);
      const layer = shortDigest(digest);
      if (state === "retrying") say(`${digest} ${message}`, `${reference}: ${message ?? "retrying"}`);
      if (state === "downloading")
        say(`${digest} begin`, `${reference}: pulling ${layer} (${bytesText(total)})`);
      if (state === "done") say(`${digest} done`, `${reference}: ${layer} is complete`);
    },
    finish: () => last,
  };
}

function barPrinter(sink: ByteSink, now: () => number): PullPrinter {
  const blobs = new Map<string, PullProgress>();
  let drawn = 0;
  let drawnAt = 0;
  let last = Promise.resolve();
  // To the line's beginning first: the terminal may have shown a ^C there.
  const clear = (): string => (drawn === 0 ? "" : `\r\u001b[${drawn}A\u001b[J`);
  const draw = (): void => {
    const lines = shownOf([...blobs.values()], sink.rows() - SPARE_ROWS).map((each) =>
      barLine(each).slice(0, sink.columns() - 1),
    );
    last = sink.write(`${clear()}${lines.map((line) => `${line}\n`).join("")}`);
    drawn = lines.length;
    drawnAt = now();
  };
  return {
    show: (progress) => {
      const key = progress.digest || progress.reference;
      const before = blobs.get(key)?.state;
      // What a reference stands for is known when its first blob comes.
      if (progress.digest !== "") blobs.delete(progress.reference);
      blobs.set(key, progress);
      if (before !== progress.state || now() - drawnAt >= REDRAW_MS) draw();
    },
    finish: () => {
      if (drawn > 0) last = sink.write(clear());
      drawn = 0;
      blobs.clear();
      return last;
    },
  };
}

/** As many as there is room for: what lies above a terminal's first line cannot be replaced. */
function shownOf(all: readonly PullProgress[], room: number): readonly PullProgress[] {
  let surplus = all.length - room;
  const shown = all.filter(({ state }) => state !== "done" || (surplus -= 1) < 0);
  return shown.slice(0, Math.max(1, room));
}

/** The message; a reason begins with the reference, which the line has already. */
function reasonOf({ reference, message }: PullProgress): string | undefined {
  return message?.startsWith(`${reference}: `) === true ? message.slice(reference.length + 2) : message;
}

function barLine(progress: PullProgress): string {
  const { reference, digest, current, total, state } = progress;
  const name = shortDigest(digest) || reference;
  if (state !== "downloading" || total === 0) return `${name}: ${reasonOf(progress) ?? state}`;
  const filled = Math.min(BAR, Math.floor((current / total) * BAR));
  const bar = `${"=".repeat(filled)}${filled < BAR ? ">" : ""}`.slice(0, BAR).padEnd(BAR);
  return `${name}: [${bar}] ${bytesText(current)}/${bytesText(total)}`;
}

function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/u, "").slice(0, 12);
}

/** `1.5 MB`, as docker shows sizes. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}
