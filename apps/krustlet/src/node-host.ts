import { homedir } from "node:os";

import type { ByteSink, CliHost } from "./cli-host.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The host that a command has when it is run as a process. */
export function nodeHost(): CliHost {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    endsProcess: true,
    isRoot: process.getuid?.() === 0,
    stdout: sinkOf(() => process.stdout),
    stderr: sinkOf(() => process.stderr),
    stdin: { [Symbol.asyncIterator]: () => readStdin() },
    onSignal: (listener) => {
      for (const signal of SIGNALS) process.on(signal, listener);
      return {
        [Symbol.dispose]: () => {
          for (const signal of SIGNALS) process.off(signal, listener);
        },
      };
    },
  };
}

async function* readStdin(): AsyncGenerator<Uint8Array> {
  // The stream is made here, by the first read: a guest that reads nothing leaves the terminal's input alone.
  for await (const chunk of process.stdin) yield chunk as Uint8Array;
}

function sinkOf(open: () => NodeJS.WriteStream): ByteSink {
  const failed = Promise.withResolvers<Error>();
  let stream: NodeJS.WriteStream | undefined;
  let broken = false;
  const opened = (): NodeJS.WriteStream => {
    if (stream === undefined) {
      stream = open();
      stream.on("error", (error) => {
        broken = true;
        failed.resolve(error);
      });
    }
    return stream;
  };
  return {
    get isTTY() {
      return opened().isTTY ?? false;
    },
    columns: () => opened().columns ?? 80,
    failed: failed.promise,
    write: (bytes) =>
      new Promise((resolve) => {
        if (broken) resolve();
        else opened().write(bytes, () => resolve());
      }),
  };
}
