import { logPathOf } from "@krustlet/cri-log";

import { openCriLog } from "./cri-log-writer.ts";
import type { PodContext } from "./pod-context.ts";

/** Where one start of a container writes to. Disposing completes its log file. */
export interface ContainerOutputSink extends AsyncDisposable {
  readonly logPath: string;
  /** A pending promise holds the guest back. Never rejects. */
  write(stream: "stdout" | "stderr", chunk: Uint8Array): void | Promise<void>;
}

/** Sends what a container writes to its log file and to the live observer, at the pace of the slower one. */
export function openContainerOutput(
  { kubelet, key }: PodContext,
  container: string,
  restartCount: number,
): ContainerOutputSink {
  const path = logPathOf(kubelet.rootDir, key, container, restartCount);
  const log = openCriLog({ path, clock: kubelet.clock, ...kubelet.logs });
  const { onOutput } = kubelet;
  return {
    logPath: path,
    write: (stream, chunk) => {
      const logged = log.write(stream, chunk);
      const shown = onOutput?.({ pod: key, container, stream, chunk });
      if (logged === undefined && shown === undefined) return undefined;
      // An observer that fails has gone away (a closed pipe); the container and its log go on.
      return settle(logged, shown);
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

async function settle(...writes: readonly (void | Promise<void>)[]): Promise<void> {
  await Promise.allSettled(writes.map((each) => Promise.resolve(each)));
}
