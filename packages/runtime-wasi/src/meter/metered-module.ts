/** Where an import of a rewritten module is: its two names. */
interface MeterImport {
  readonly importModule: string;
  readonly importName: string;
}

/** The linear memory that the host creates and hands in. All sizes are pages of 64 KiB. */
export interface MeterMemory extends MeterImport {
  readonly minPages: number;
  /** The module's own maximum; the host's may be lower but not higher. Absent: the module sets none. */
  readonly maxPages?: number;
  /** A 64-bit memory: create it with `address: "i64"` and bigint sizes. */
  readonly is64: boolean;
}

/** Options of {@link meterModule}. */
export interface MeterOptions {
  /**
   * Byte offset of the flag in the epoch page: a multiple of 4 below 65,536. Default 0. Threads (or containers)
   * with different words of one page are interrupted apart from each other.
   */
  readonly epochOffset?: number;
}

/** A module that can be interrupted, and what its host must give it. Plain data: crosses threads. */
export interface MeteredModule {
  /** The rewritten module; every index of the original means the same in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The import module name that the original does not use and under which the appended imports are. */
  readonly importModule: string;
  /** The guest's memory, when it has one: the host creates it, and may give it a lower maximum. */
  readonly memory?: MeterMemory;
  /** A shared memory of exactly one page (`{ initial: 1, maximum: 1, shared: true }`) with the flag in it. */
  readonly epoch: MeterImport & { readonly offset: number };
  /**
   * Export name of a table of one `funcref`. While the flag is not 0, the guest calls slot 0 at every check:
   * put a wasm function `() -> ()` there (see {@link trampolineBytes}) before anything of the guest runs.
   */
  readonly yieldTable: string;
  /** Export name of what was the start function: call it, as JSPI's promising, before anything else. */
  readonly startExport?: string;
  /** Export name of a mutable `i32` global that counts `memory.grow`s that were refused. */
  readonly growRefused?: string;
  /**
   * To instantiate the module, or to compile one of its functions when it is called first, takes so long that others on
   * its thread would notice: nothing interrupts that. Run it on a thread of its own.
   */
  readonly holdsThread: boolean;
  /**
   * The module can make and keep objects on the JavaScript heap (GC structs and arrays, exceptions), which no
   * memory limit bounds: run it where a full heap harms nobody else.
   */
  readonly allocatesOnHostHeap: boolean;
}

/** An unmetered module whose memory is limited. */
export interface LimitedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** As {@link MeteredModule.growRefused}. */
  readonly growRefused?: string;
  /** As {@link MeteredModule.memory}, only when the module imports its memory: the host sets its maximum. */
  readonly memory?: MeterMemory;
}
