import type { ContainerOutput } from "@krustlet/kubelet";

import type { ByteSink } from "../cli-host.ts";
import { colored } from "./palette.ts";
import { LineSplitter } from "./line-splitter.ts";

/** How containers' output comes to the terminal. */
export interface OutputPrinter {
  /** Pending while the terminal is behind. */
  print(output: ContainerOutput): Promise<void>;
  /** A container has ended: what it left without a newline is shown. */
  end(pod: string, container: string): Promise<void>;
}

/** The two sinks of a command. */
export interface Sinks {
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
}

/** One container: its bytes as they are, on the streams that it wrote them to. */
export function rawOutput(sinks: Sinks): OutputPrinter {
  return {
    print: ({ stream, chunk }) => sinks[stream].write(chunk),
    end: () => Promise.resolve(),
  };
}

/** Several: whole lines, each behind the name of its container. */
export function prefixedOutput(
  sinks: Sinks,
  options: { readonly withPod: boolean; readonly colors: boolean },
): OutputPrinter {
  const colors = new Map<string, number>();
  return byLine((name, stream, lines) => {
    const label = options.withPod ? `${name.pod}/${name.container}` : name.container;
    if (!colors.has(label)) colors.set(label, colors.size);
    const plain = `[${label}] `;
    const prefix = Buffer.from(options.colors ? colored(plain, colors.get(label) ?? 0) : plain);
    return sinks[stream].write(Buffer.concat(lines.flatMap((line) => [prefix, ended(line)])));
  });
}

/** `--output json`: each line one object on stdout. */
export function jsonOutput(stdout: ByteSink, now: () => Date): OutputPrinter {
  return byLine((name, stream, lines) => {
    const time = now().toISOString();
    const text = lines.map((line) => {
      const log = Buffer.from(ended(line)).toString("utf8").slice(0, -1);
      return `${JSON.stringify({ type: "log", time, ...name, stream, log })}\n`;
    });
    return stdout.write(text.join(""));
  });
}

interface ContainerName {
  readonly pod: string;
  readonly container: string;
}

function byLine(
  write: (name: ContainerName, stream: "stdout" | "stderr", lines: readonly Uint8Array[]) => Promise<void>,
): OutputPrinter {
  const splitters = new Map<string, LineSplitter>();
  const keyOf = (name: ContainerName, stream: string): string => `${name.pod}/${name.container}/${stream}`;
  return {
    print: async ({ pod, container, stream, chunk }) => {
      const name = { pod: pod.name, container };
      const key = keyOf(name, stream);
      const splitter = splitters.get(key) ?? new LineSplitter();
      splitters.set(key, splitter);
      const lines = splitter.push(chunk);
      if (lines.length > 0) await write(name, stream, lines);
    },
    end: async (pod, container) => {
      const name = { pod, container };
      for (const stream of ["stdout", "stderr"] as const) {
        const rest = splitters.get(keyOf(name, stream))?.end() ?? new Uint8Array(0);
        splitters.delete(keyOf(name, stream));
        if (rest.length > 0) await write(name, stream, [rest]);
      }
    },
  };
}

function ended(line: Uint8Array): Uint8Array {
  return line.at(-1) === 0x0a ? line : Buffer.concat([line, Buffer.of(0x0a)]);
}
