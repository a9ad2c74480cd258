import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import type { Clock } from "@krustlet/interface";

import { criLogLineOf, splitLogLines } from "@krustlet/cri-log";

import { makeDirectories } from "./make-directories.ts";

/** Init of {@link openCriLog}. */
export interface CriLogInit {
  /** Absolute path of the current file; its directory is made. Older files are `<path>.1` (newest) and up. */
  readonly path: string;
  readonly clock: Pick<Clock, "now">;
  /** A file is closed once it holds so many bytes. Default 10 MiB. */
  readonly maxBytes?: number;
  /** How many files are kept, the current one included. Default 5. */
  readonly maxFiles?: number;
}

/** A container's log file in CRI format. Disposing writes what is pending and closes the file; it never throws. */
export interface CriLogWriter extends AsyncDisposable {
  readonly path: string;
  /**
   * Appends what the guest wrote; the promise, where there is one, asks the caller to wait. Never rejects. As with
   * containerd, a line that has not ended is written with its end, when it is 16 KiB long, or when the container ends.
   */
  write(stream: "stdout" | "stderr", chunk: Uint8Array): void | Promise<void>;
  /** Resolves when everything written so far is in the file. Never rejects. */
  flush(): Promise<void>;
  /** Why lines were lost (a full disk, say), if any were. A container does not fail because its log does. */
  readonly failure: Error | undefined;
}

const PENDING_BYTES = 256 * 1024;

/**
 * Opens a log file for one start of a container. Returns at once; the file itself is made in the background, so
 * that a container's start does not wait for the disk.
 */
export function openCriLog(init: CriLogInit): CriLogWriter {
  return new CriLog(init);
}

class CriLog implements CriLogWriter {
  readonly path: string;
  failure: Error | undefined;
  readonly #clock: Pick<Clock, "now">;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #rest: Record<"stdout" | "stderr", Uint8Array> = {
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
  };
  #file: FileHandle | undefined;
  #size = 0;
  #queue: Buffer[] = [];
  #queued = 0;
  #writing: Promise<void>;
  #idle = false;
  #closed = false;

  constructor(init: CriLogInit) {
    this.path = init.path;
    this.#clock = init.clock;
    this.#maxBytes = init.maxBytes ?? 10 * 1024 * 1024;
    this.#maxFiles = init.maxFiles ?? 5;
    this.#writing = this.#drain();
  }

  write(stream: "stdout" | "stderr", chunk: Uint8Array): void | Promise<void> {
    if (this.#closed) return;
    const { lines, rest } = splitLogLines(this.#rest[stream], chunk);
    this.#rest[stream] = rest;
    const now = this.#clock.now();
    for (const line of lines) this.#append(criLogLineOf(now, stream, line));
    this.#wake();
    if (this.#queued > PENDING_BYTES) return this.#writing;
  }

  async flush(): Promise<void> {
    while (!this.#idle) await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const stream of ["stdout", "stderr"] as const) {
        const text = this.#rest[stream];
        // Text without a newline at the end is a partial line, so that readers give back the very bytes.
        if (text.length > 0) this.#append(criLogLineOf(this.#clock.now(), stream, { text, partial: true }));
      }
      this.#wake();
    }
    await this.flush();
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
  }

  #append(line: Buffer): void {
    this.#queue.push(line);
    this.#queued += line.length;
  }

  #wake(): void {
    if (this.#idle && this.#queue.length > 0) this.#writing = this.#drain();
  }

  /** One at a time: writes the queue until it is empty. */
  async #drain(): Promise<void> {
    this.#idle = false;
    try {
      this.#file ??= await this.#open();
      while (this.#queue.length > 0) {
        if (this.#size >= this.#maxBytes) await this.#rotate();
        await this.#file?.appendFile(this.#take());
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      this.#queue = [];
      this.#queued = 0;
    } finally {
      this.#idle = true;
    }
  }

  /** The queued lines that still fit into the current file, at least one. */
  #take(): Buffer {
    let bytes = 0;
    let count = 0;
    for (const line of this.#queue) {
      if (count > 0 && this.#size + bytes + line.length > this.#maxBytes) break;
      bytes += line.length;
      count += 1;
    }
    this.#size += bytes;
    this.#queued -= bytes;
    return Buffer.concat(this.#queue.splice(0, count), bytes);
  }

  async #open(): Promise<FileHandle> {
    await makeDirectories(dirname(this.path), 0o755);
    this.#size = 0;
    try {
      return await open(this.path, "ax", 0o640);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const file = await open(this.path, "a", 0o640);
    this.#size = (await file.stat()).size;
    return file;
  }

  async #rotate(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await rm(`${this.path}.${this.#maxFiles - 1}`, { force: true });
    for (let index = this.#maxFiles - 2; index >= 1; index -= 1) {
      await rename(`${this.path}.${index}`, `${this.path}.${index + 1}`).catch(ignoreMissing);
    }
    if (this.#maxFiles > 1) await rename(this.path, `${this.path}.1`);
    else await rm(this.path, { force: true });
    this.#file = await this.#open();
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
