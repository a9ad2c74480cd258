import type { ContainerExit, ContainerPlan, ContainerUsage, ErrorCode } from "@krustlet/interface";
import type { WasmMemory, WasmModule } from "@krustlet/wasi";
import type { LimitedModule, MeteredModule } from "./meter/metered-module.ts";
import type { TickerData } from "./thread/ticker.ts";

/** Number of a container on its thread; the runtime gives them out. */
export type Handle = number;

/** How a module runs, without its bytes: they are compiled. */
export type ModuleForm =
  | ({ readonly kind: "metered" } & Omit<MeteredModule, "bytes">)
  | ({ readonly kind: "limited" } & Omit<LimitedModule, "bytes">)
  /** Not to be run: its memory is beyond the limit from the start. */
  | { readonly kind: "too-large" };

/** A module that is ready to be instantiated on any thread. */
export interface ReadyModule {
  readonly module: WasmModule;
  readonly form: ModuleForm;
}

/** Cells of the epoch page, as 32-bit numbers. */
export const EPOCH_CELL = {
  /** Not 0: the guest that runs is to make room. */
  FLAG: 0,
  /** On a thread of a container's own: how many descriptors the guest has open on its signals file. */
  SIGNAL_READERS: 1,
  /** Whether the thread may be ended now: an {@link ENDING}. */
  ENDING: 2,
} as const;

/** What the thread and those who end it tell each other by one cell of the epoch page. */
export const ENDING = {
  /** It may be ended. */
  FREE: 0,
  /** It loads native code: ended in the middle of it, it would take the process with it. */
  LOADING: 1,
  /** It is being ended, and begins no such thing. */
  ENDING: 2,
} as const;

/** What a thread for guests gets as `workerData`. */
export interface GuestThreadData {
  readonly role: "guests";
  readonly slot: number;
  readonly control: SharedArrayBuffer;
  /** The page with the epoch flag that metered guests of this thread look at. */
  readonly epoch: WasmMemory;
}

/** What a thread that prepares large modules gets as `workerData`. */
export interface PrepareThreadData {
  readonly role: "prepare";
}

/** Every thread starts from the same file, and does what its data says. */
export type ThreadData = GuestThreadData | PrepareThreadData | TickerData;

/** Number of a module on a thread. */
export type ModuleNumber = number;

/** Runtime to thread. */
export type ToThread =
  /** A module that containers are started from. A thread is handed it once: to hand a module over is not cheap. */
  | { readonly type: "module"; readonly module: ModuleNumber; readonly ready: ReadyModule }
  /** The last of its containers has ended. */
  | { readonly type: "forget"; readonly module: ModuleNumber }
  | {
      readonly type: "start";
      readonly handle: Handle;
      readonly plan: ContainerPlan;
      readonly module: ModuleNumber;
      readonly stdin: boolean;
    }
  /** A chunk of standard input that was asked for; none: end of file. */
  | { readonly type: "stdin"; readonly handle: Handle; readonly chunk?: Uint8Array }
  /** So many bytes of output were delivered. */
  | { readonly type: "credit"; readonly handle: Handle; readonly bytes: number }
  | { readonly type: "terminate"; readonly handle: Handle }
  | { readonly type: "kill"; readonly handle: Handle }
  /** Collects all garbage, and gives the memory back. */
  | { readonly type: "releaseMemory" }
  | { readonly type: "usage"; readonly handle: Handle };

/** How a guest ended, before the runtime knows when its output was delivered. */
export type GuestEnd = Pick<ContainerExit, "exitCode" | "reason" | "message">;

/** Why a container could not be started: a `KrustletError` as plain data. */
export interface StartFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** Thread to runtime. */
export type FromThread =
  | { readonly type: "ready" }
  /** What is needed no longer is given back. */
  | { readonly type: "released" }
  | ({ readonly type: "started"; readonly handle: Handle; readonly startedAt: number } & ContainerUsage)
  | { readonly type: "failed"; readonly handle: Handle; readonly failure: StartFailure }
  | {
      readonly type: "output";
      readonly handle: Handle;
      readonly stream: "stdout" | "stderr";
      readonly chunk: Uint8Array;
    }
  /** The guest wants more standard input. */
  | { readonly type: "pull"; readonly handle: Handle }
  /** The stop request was handed to the guest, or has ended it. */
  | { readonly type: "terminated"; readonly handle: Handle }
  | ({ readonly type: "usage"; readonly handle: Handle } & ContainerUsage)
  | ({
      readonly type: "exited";
      readonly handle: Handle;
      readonly finishedAt: number;
      readonly end: GuestEnd;
    } & ContainerUsage);
