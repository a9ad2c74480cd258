import { fstatSync } from "node:fs";
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
    stdout: sinkOf(1, () => process.stdout),
    stderr: sinkOf(2, () => process.stderr),
    stdin: { [Symbol.asyncIterator]: () => readStdin() },
    onSignal: (listener) => {
      for (const signal of SIGNALS) process.on(signal, listener);
      return {
        [Symbol.dispose]: () => {
          for (const signal of SIGNALS) process.off(signal, listener);
        },
      };
    },
    onRejection: (listener) => {
      const others = process.listeners("unhandledRejection");
      process.removeAllListeners("unhandledRejection").on("unhandledRejection", listener);
      return {
        [Symbol.dispose]: () => {
          process.off("unhandledRejection", listener);
          for (const other of others) process.on("unhandledRejection", other);
        },
      };
    },
  };
}

async function* readStdin(): AsyncGenerator<Uint8Array> {
  // The stream is made here, by the first read: a guest that reads nothing leaves the terminal's input alone.
  for await (const chunk of process.stdin) yield chunk as Uint8Array;
}

function isDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // It was closed by whoever started the command.
    return false;
  }
}

function sinkOf(fd: number, open: () => NodeJS.WriteStream): ByteSink {
  const failed = Promise.withResolvers<Error>();
  let stream: NodeJS.WriteStream | undefined;
  let broken = false;
  const fail = (error: Error): void => {
    broken = true;
    failed.resolve(error);
  };
  const opened = (): NodeJS.WriteStream => {
    if (stream === undefined) {
      stream = open();
      stream.on("error", fail);
    }
    return stream;
  };
  return {
    get isTTY() {
      // Node loads a good deal for a stream; what is no device is no terminal.
      return isDevice(fd) && (opened().isTTY ?? false);
    },
    columns: () => opened().columns || 80,
    rows: () => opened().rows || 24,
    failed: failed.promise,
    write: (bytes) =>
      new Promise((resolve) => {
        if (broken) resolve();
        else
          opened().write(bytes, (error) => {
            // Before the stream tells it itself: whoever waits for the write may look next.
            if (error) fail(error);
            resolve();
          });
      }),
  };
}
