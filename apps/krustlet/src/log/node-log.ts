import type { PodKey } from "@krustlet/interface";
import { destination, pino, stdTimeFunctions } from "pino";
import type { Logger } from "pino";

import type { ByteSink } from "../cli-host.ts";
import { errorFactsOf } from "./error-facts.ts";
import { logLineText } from "./log-line-text.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** Bytes of lines that may wait for a reader of stderr that is slow; what comes then is lost rather than kept. */
const MOST_WAITING = 4 * 1024 * 1024;

/** How a node's log is opened. */
export interface NodeLogInit {
  /** `-v`: 0 information, 2 what pods do, 4 everything. */
  readonly verbosity: number;
  readonly format: "auto" | "text" | "json";
  readonly stderr: ByteSink;
  /** True: lines go straight to descriptor 2, and no reader of them holds up the process. */
  readonly toDescriptor: boolean;
}

/** A log whose lines are JSON, or text on a terminal. Disposing waits until they are written. */
export interface NodeLog extends AsyncDisposable {
  readonly log: Logger;
  /** Throws where the last line could not be written. */
  readonly checkLog: () => void;
}

/** Opens the log of a node. No line of it holds a token, a password or a key. */
export function openNodeLog({ verbosity, format, stderr, toDescriptor }: NodeLogInit): NodeLog {
  const asText = format === "text" || (format === "auto" && stderr.isTTY);
  const file =
    toDescriptor && !asText ? destination({ dest: 2, sync: false, maxLength: MOST_WAITING }) : undefined;
  let failure: Error | undefined;
  // The reader may have gone; the node goes on.
  file?.on("error", (error: Error) => (failure = error));
  file?.on("drop", () => (failure = new Error("nobody reads the log, and lines are lost")));
  file?.on("write", () => (failure = undefined));
  if (file === undefined) void stderr.failed.then((error) => (failure = error));
  let written = Promise.resolve();
  const write = (line: string): void => {
    const text = asText ? `${logLineText(line.trimEnd())}\n` : line;
    written = stderr.write(text);
  };
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
    file ?? { write },
  );
  return {
    log,
    checkLog: () => {
      if (failure !== undefined) throw failure;
    },
    [Symbol.asyncDispose]: async () => {
      if (file === undefined) return written;
      await new Promise<void>((resolve) => file.flush(() => resolve()));
    },
  };
}

/** What a line about a pod, or a container of it, says of it. */
export function podFields(pod: PodKey, container?: string): Readonly<Record<string, string>> {
  return {
    pod: `${pod.namespace}/${pod.name}`,
    uid: pod.uid,
    ...(container === undefined ? {} : { container }),
  };
}
