import type { Cancellable } from "./clock.ts";
import type { ModuleSource } from "./image.ts";

/** Which pod a container belongs to. */
export interface PodKey {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** One thing of the host that a guest sees at a path of its own. Both paths are absolute. */
export interface Mount {
  /** Host path. */
  readonly source: string;
  /** Guest path; `/` makes the source the guest's root. */
  readonly target: string;
  /** What the source is. A file shows as just that file in an otherwise unchanged directory. */
  readonly kind: "directory" | "file";
  readonly readOnly: boolean;
}

/** A socket that is bound and listening before the guest starts; the guest finds it as descriptor 3 and up. */
export interface ListenSocket {
  /** The container port's name, or its number as text. */
  readonly name: string;
  /** Every address that leads to this one socket, for example the pod's address and a host port. */
  readonly binds: readonly { readonly address: string; readonly port: number }[];
}

/** What a container may use; absent means unlimited. */
export interface ContainerResources {
  /** Thousandths of a core per second of wall time: `resources.limits.cpu`. */
  readonly cpuLimitMillis?: number;
  /** Thousandths of a core: `resources.requests.cpu`. The share of a busy thread follows it. */
  readonly cpuRequestMillis?: number;
  /** Bytes of linear memory, rounded down to whole pages of 64 KiB: `resources.limits.memory`. */
  readonly memoryLimitBytes?: number;
}

/** Where a container may send requests by the host functions for HTTP (`wasi_experimental_http`). */
export interface HttpAccess {
  /** Origins, as `https://example.com`; `all`: whatever has a public address. */
  readonly origins: readonly string[] | "all";
  /** Answers that may be open at the same time. */
  readonly maxRequests: number;
}

/** Everything a runtime needs to start a container: plain data, so that it can cross a thread or a process. */
export interface ContainerPlan {
  /** 64 hex digits; unique for each start. */
  readonly id: string;
  readonly pod: PodKey;
  /** The container's name in the pod. */
  readonly name: string;
  readonly module: ModuleSource;
  /** The guest's argv, `argv[0]` first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Guest path that relative paths start from, where the guest's language lets a host say so. Default `/`. */
  readonly workingDir?: string;
  readonly mounts: readonly Mount[];
  readonly listen: readonly ListenSocket[];
  /** Address that the guest's own sockets bind to and connect from. Absent: the host's choice. */
  readonly address?: string;
  /** Absent: no requests by the host's functions for HTTP. What the container's own sockets may is not said by this. */
  readonly http?: HttpAccess;
  readonly resources: ContainerResources;
  /** True: a thread of its own, unmetered. False: shares threads with other containers, metered. */
  readonly isolated: boolean;
}

/** The byte streams of a container. The caller owns them. */
export interface ContainerIo {
  /** What the guest reads from descriptor 0; absent means end of file at once. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /**
   * Called for each write of the guest, in order. While a returned promise is pending the runtime delivers nothing
   * more and, once a small buffer is full, the guest's next write waits.
   */
  write(stream: "stdout" | "stderr", chunk: Uint8Array): void | Promise<void>;
}

/** How a container ended, in the terms of a Kubernetes `ContainerStateTerminated`. */
export interface ContainerExit {
  /** 0–255: the guest's own; 134 after a trap, 137 killed or out of memory, 143 ended by the stop request. */
  readonly exitCode: number;
  readonly reason: "Completed" | "Error" | "OOMKilled";
  /** For a trap: what happened and the wasm backtrace, one frame a line. */
  readonly message?: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

/** What a container has used so far. */
export interface ContainerUsage {
  /** CPU time in microseconds. */
  readonly cpuMicros: number;
  /** Bytes of linear memory that the guest has now. */
  readonly memoryBytes: number;
}

/** A container that has been started. Disposing kills it and waits until nothing of it is left. */
export interface RunningContainer extends AsyncDisposable {
  readonly id: string;
  readonly startedAt: Date;
  /** Resolves once, when the guest has ended and all of its output was delivered; never rejects. */
  readonly exited: Promise<ContainerExit>;
  /**
   * Asks the guest to stop: one that has opened `/run/krustlet/signals` reads the line `TERM` there; any other is
   * ended at once with 143. Idempotent; resolves when the request was delivered, not when the guest ended.
   */
  terminate(): Promise<void>;
  /** Ends the guest now with 137, within 50 ms whatever it does. Idempotent; resolves when it has ended. */
  kill(): Promise<void>;
  usage(): Promise<ContainerUsage>;
}

/** One engine that runs containers. Disposing kills whatever still runs. */
export interface Runtime extends AsyncDisposable {
  /** The RuntimeClass handler: `wasi`, `wasmer`. Also the scheme of container IDs. */
  readonly name: string;
  /**
   * Starts a container; resolves when the guest's first instruction may run.
   * @throws KrustletError `InvalidModule`, `UnsupportedModule`, `MissingImport`, `CapacityExceeded`, `AddressInUse`,
   * `StartFailed`.
   */
  start(plan: ContainerPlan, io: ContainerIo, options?: Cancellable): Promise<RunningContainer>;
  /**
   * Gives back what only the past has needed: for when many containers have started or ended, and no more do. Guests may
   * wait for some milliseconds meanwhile. Resolves when what guests have left that have ended is given back, and never
   * rejects. Absent: there is nothing to give back.
   */
  releaseMemory?(): Promise<void>;
}
