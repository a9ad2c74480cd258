import type { Clock } from "@krustlet/interface";

import type { ContainerLog } from "../kubelet-api-init.ts";
import { watchLog } from "./log-change.ts";
import { openLogFiles, openNextLogFile } from "./log-file.ts";
import type { LogFile } from "./log-file.ts";
import { createLogLines } from "./log-lines.ts";
import { createLogText } from "./log-text.ts";
import type { LogOptions } from "./parse-log-options.ts";
import { tailStartOf } from "./tail-start.ts";

const BLOCK_BYTES = 64 * 1024;

/** How {@link readLog} reads. */
export interface ReadLogInit {
  readonly log: ContainerLog;
  readonly options: LogOptions;
  readonly clock: Clock;
  /** Ends a reader that follows. */
  readonly signal: AbortSignal;
}

/**
 * What a reader is to see of a log, as far as it goes now or, with `follow`, until its run has ended. Each piece is made
 * when it is asked for; between two of them nothing is held but the files and one block. Files that are rotated away while
 * they are read are read to their end, and the next one from its beginning.
 *
 * @throws Error of the file system. A log that has no file (yet) is empty.
 */
export async function* readLog(init: ReadLogInit): AsyncGenerator<Buffer> {
  const { log, options, signal } = init;
  const files = await openLogFiles(log.path);
  const text = createLogText(options);
  const lines = createLogLines();
  const block = Buffer.alloc(BLOCK_BYTES);
  try {
    const { file: first, offset } =
      options.tailLines === undefined ? { file: 0, offset: 0 } : await tailStartOf(files, options.tailLines);
    let position = offset;
    for (const [index, file] of files.entries()) {
      if (index < first) continue;
      const isLast = index === files.length - 1;
      // Whoever does not follow is not led on by a container that writes as fast as its log is read.
      while (position < file.size && !text.full) {
        const read = await file.read(block.subarray(0, file.size - position), position);
        if (read === 0) break;
        position += read;
        yield text.add(lines.add(block.subarray(0, read)));
      }
      if (text.full) return;
      if (isLast && options.follow) break;
      yield text.add(entriesOf(lines.end(isLast)));
      position = 0;
    }
    if (options.follow) {
      const following = files.pop();
      yield* follow(init, { text, lines, block, file: following, position });
    }
  } finally {
    await Promise.all(files.map((file) => file[Symbol.asyncDispose]()));
  }
  signal.throwIfAborted();
}

/** Where a reader that follows has come to. It owns the file. */
interface Following {
  readonly text: ReturnType<typeof createLogText>;
  readonly lines: ReturnType<typeof createLogLines>;
  readonly block: Buffer;
  readonly file: LogFile | undefined;
  readonly position: number;
}

async function* follow({ log, clock, signal }: ReadLogInit, start: Following): AsyncGenerator<Buffer> {
  const { text, lines, block } = start;
  let { file, position } = start;
  using changes = watchLog(log.path, clock);
  try {
    while (!text.full && !signal.aborted) {
      // Asked before reading: whatever was written before that is then read to its end.
      const isOver = log.ended.aborted;
      await using next = new AsyncDisposableStack();
      const newer = await openNextLogFile(log.path, file?.inode);
      if (newer !== undefined) next.use(newer);
      for (let read = -1; read !== 0 && !text.full && !signal.aborted;) {
        read = (await file?.read(block, position)) ?? 0;
        position += read;
        if (read > 0) yield text.add(lines.add(block.subarray(0, read)));
      }
      if (newer !== undefined) {
        yield text.add(entriesOf(lines.end(false)));
        await file?.[Symbol.asyncDispose]();
        next.move();
        file = newer;
        position = 0;
      } else if (isOver) {
        yield text.add(entriesOf(lines.end(true)));
        return;
      } else {
        await changes.next(signal, log.ended);
      }
    }
  } finally {
    await file?.[Symbol.asyncDispose]();
  }
}

function entriesOf<T>(entry: T | undefined): readonly T[] {
  return entry === undefined ? [] : [entry];
}
