import type { Face } from "./face.ts";
import type { HttpAccess } from "@krustlet/interface";
import type { PreopenedListener } from "./listener.ts";
import type { RootNode } from "./root-node.ts";
import type { ByteSink, ByteSource } from "./streams.ts";
import type { NetworkPolicy } from "./wasmedge/network-policy.ts";

/** Lets a scheduler account for a guest's running time and decide when a waiting guest goes on. */
export interface Gate {
  /** Guest code begins to run on this thread. */
  enter(): void;
  /** Guest code has stopped running: it waits, has ended, or was closed. */
  leave(): void;
  /**
   * Asked when what a suspended guest waited for is there; the guest goes on when `goOn` is called, here already or
   * later. `goOn` is the same function each time, and does nothing when the guest has ended meanwhile.
   */
  turn(goOn: () => void): void;
}

/** The clocks and timers of a guest. Times are nanoseconds. */
export interface WasiClock {
  /** Since 1970-01-01T00:00Z. */
  realtime(): bigint;
  /** From any origin; never goes back. */
  monotonic(): bigint;
  /** Calls `wake` once, `milliseconds` or a little later, unless what this returns is disposed before. */
  timer(milliseconds: number, wake: () => void): Disposable;
}

/** A directory (or file) that the guest finds open when it starts. */
export interface Preopen {
  /** The name that `fd_prestat_dir_name` tells the guest. */
  readonly guestPath: string;
  readonly node: RootNode;
}

/** What a guest is given. Whatever is absent, it does not have. */
export interface WasiInit {
  /** argv, `argv[0]` first. Default: none. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Descriptor 0. Absent: end of file at once. */
  readonly stdin?: ByteSource;
  /** Descriptor 1. Absent: what is written is dropped. */
  readonly stdout?: ByteSink;
  /** Descriptor 2. Absent: what is written is dropped. */
  readonly stderr?: ByteSink;
  /** Descriptors after the listening sockets, in this order. */
  readonly preopens?: readonly Preopen[];
  /** Descriptors 3 and up; told to the guest by `LISTEN_FDS` and `LISTEN_FDNAMES`. Closed with the guest. */
  readonly listen?: readonly PreopenedListener[];
  /**
   * Whether the listening sockets are non-blocking when the guest starts. By default they are for programs built by
   * Go, whose scheduler can wait for no other sockets, and not for others, whose `accept` waits.
   */
  readonly listenNonBlocking?: boolean;
  /** Sockets that the guest opens itself (the WasmEdge extension). Absent: opening one is `ACCES`. */
  readonly network?: NetworkPolicy;
  /** Requests that the guest sends by `wasi_experimental_http`, from its address in `network`. Absent: none. */
  readonly http?: HttpAccess;
  readonly clock?: WasiClock;
  /** Fills with bytes that nobody can guess. Default: the host's generator. */
  readonly random?: (bytes: Uint8Array) => void;
  readonly gate?: Gate;
  /** Told how many descriptors the guest has open on its signals file, whenever that changes: whether it listens. */
  readonly onSignalReaders?: (readers: number) => void;
  /** Open descriptors at most; more is `EMFILE`. Default 1,024. */
  readonly maxDescriptors?: number;
  /** Import modules besides preview 1's: extensions of WASI, or replacements by name. */
  readonly faces?: Readonly<Record<string, Face>>;
  /** `native`: system calls through FFI; `portable`: only node:fs, over /proc. Default: native where it works. */
  readonly kernel?: "native" | "portable";
}

/** How a guest ended. */
export type WasiExit =
  | { readonly kind: "exit"; readonly code: number }
  | {
      readonly kind: "trap";
      /** What happened, in a few words: `unreachable`, `memory access out of bounds` … */
      readonly message: string;
      /** The guest's frames, innermost first, by function name: `main (function 12, offset 0x1a2)`. */
      readonly backtrace: readonly string[];
      readonly error: unknown;
    }
  /** {@link Wasi.close} ended it. */
  | { readonly kind: "closed" };
