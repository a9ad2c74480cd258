import { fstatSync } from "node:fs";
import { isatty } from "node:tty";

import { systemClock } from "@krustlet/clock";
import type { Clock, PodKey } from "@krustlet/interface";
import { destination, pino, stdTimeFunctions } from "pino";
import type { DestinationStream, Logger } from "pino";

import type { ByteSink } from "../cli-host.ts";
import { errorFactsOf } from "./error-facts.ts";
import { logLineText } from "./log-line-text.ts";
import { waitingLines } from "./waiting-lines.ts";
import type { WaitingLines } from "./waiting-lines.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** Characters of lines that may wait for a reader of stderr who is slow; what comes then is lost rather than kept. */
const MOST_WAITING = 4 * 1024 * 1024;

/** How long the last lines may take to be read when the node ends. */
const LAST_LINES_MS = 1000;

/** How a node's log is opened. */
export interface NodeLogInit {
  /** `-v`: 0 information, 2 what pods do, 4 everything. */
  readonly verbosity: number;
  readonly format: "auto" | "text" | "json";
  readonly stderr: ByteSink;
  /** True: where descriptor 2 is a file, lines go straight there. */
  readonly toDescriptor: boolean;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** A log whose lines are JSON, or text on a terminal. Disposing waits until they are read, for a second at the most. */
export interface NodeLog extends AsyncDisposable {
  readonly log: Logger;
  /** Throws where the last line could not be written. */
  readonly checkLog: () => void;
}

/** Opens the log of a node. No line of it holds a token, a password or a key; no reader of them holds up the process. */
export function openNodeLog(init: NodeLogInit): NodeLog {
  const { verbosity, format, stderr, toDescriptor, clock = systemClock } = init;
  const asText = format === "text" || (format === "auto" && stderr.isTTY);
  const {
    destination: to,
    failure,
    end,
  } = toDescriptor && !asText && isFile(2)
    ? toFile()
    : toReader(waitingLines(stderr, { most: MOST_WAITING, endMs: LAST_LINES_MS, clock }), asText);
  const log = pino(
    {
      level: verbosity >= 4 ? "trace" : verbosity >= 2 ? "debug" : "info",
      base: undefined,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => errorFactsOf(error, verbosity >= 4) },
      hooks: {
        logMethod(parameters, method) {
          const clean = parameters.map((each) => (typeof each === "string" ? withoutSecrets(each) : each));
          method.apply(this, clean as Parameters<typeof method>);
        },
      },
      redact: {
        paths: ["token", "authorization", "password", "headers", "*.token", "*.authorization", "*.password"],
        censor: "[hidden]",
      },
    },
    to,
  );
  return {
    log,
    checkLog: () => {
      const error = failure();
      if (error !== undefined) throw error;
    },
    [Symbol.asyncDispose]: end,
  };
}

/** Where lines go. */
interface Destination {
  readonly destination: DestinationStream;
  readonly failure: () => Error | undefined;
  readonly end: () => Promise<void>;
}

/** One line after the other is written, so that none waits when the process ends: a full disk would keep it from ending. */
function toFile(): Destination {
  let failure: Error | undefined;
  const file = destination({ dest: 2, sync: true, maxLength: MOST_WAITING });
  // The node goes on, and so does its log once there is room again.
  file.on("error", (error: Error) => (failure = error));
  file.on("drop", () => (failure = new Error("the log cannot be written, and lines are lost")));
  file.on("write", () => (failure = undefined));
  return { destination: file, failure: () => failure, end: () => Promise.resolve() };
}

function toReader(lines: WaitingLines, asText: boolean): Destination {
  const write = (line: string): void => lines.write(asText ? `${logLineText(line.trimEnd())}\n` : line);
  return { destination: { write }, failure: () => lines.failure(), end: () => lines.end() };
}

/** A device such as /dev/null is as good as one; a pipe or a terminal has somebody at its other end. */
function isFile(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFile() || (stats.isCharacterDevice() && !isatty(fd));
  } catch {
    // It was closed by whoever started the node.
    return false;
  }
}

/** What a line about a pod, or a container of it, says of it. */
export function podFields(pod: PodKey, container?: string): Readonly<Record<string, string>> {
  return {
    pod: `${pod.namespace}/${pod.name}`,
    uid: pod.uid,
    ...(container === undefined ? {} : { container }),
  };
}
