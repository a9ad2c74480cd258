/** A descriptor that the command writes to. Never rejects: who reads it may have gone. */
export interface ByteSink {
  readonly isTTY: boolean;
  /** Columns of the terminal; 80 where it is none. */
  readonly columns: () => number;
  /** Its lines; 24 where it is none. */
  readonly rows: () => number;
  /** Resolves when the bytes are on their way: await it, so that a slow reader slows the writer. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Resolves with what the first write failed with: `EPIPE` when the reader has closed its end, `ENOSPC` … */
  readonly failed: Promise<Error>;
}

/** What of the process a command may use; tests give one of their own. */
export interface CliHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly isRoot: boolean;
  /** True: the process ends when the command does. */
  readonly endsProcess: boolean;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  /** The process's stdin, opened by the first read. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Calls `listener` for each SIGINT, SIGTERM and SIGHUP until it is disposed. */
  onSignal(listener: (signal: string) => void): Disposable;
  /**
   * Calls `listener` for each rejection that nobody waits for, until it is disposed. Where nobody listens, the process
   * ends.
   */
  onRejection(listener: (error: unknown) => void): Disposable;
}
