import { totalmem } from "node:os";
import type { ContainerPlan, ContainerUsage } from "@krustlet/interface";
import { buildMountTree, createWasi, openListener, type Wasi } from "@krustlet/wasi";
import type { GuestEnd, ReadyModule } from "../protocol.ts";
import type { GuestExtension } from "../start-thread.ts";
import { endOf } from "./guest-end.ts";
import { instantiateGuest, type GuestInstance } from "./instantiate-guest.ts";
import { pagesOf } from "./memory-limit.ts";
import { OutputPipe, type SendChunk } from "./output-pipe.ts";
import { RemoteStdin } from "./remote-stdin.ts";
import type { Scheduler, Task } from "./scheduler.ts";
import { TaskGate } from "./task-gate.ts";

/** What a container needs of its thread. */
export interface GuestContainerInit {
  readonly plan: ContainerPlan;
  readonly ready: ReadyModule;
  readonly stdin: boolean;
  /** Disposed with the container, or when it could not be made. */
  readonly extension?: GuestExtension;
  readonly scheduler: Scheduler;
  /** The epoch page of the thread. */
  readonly epoch: WebAssembly.Memory;
  /** See `WasiInit.onSignalReaders`. */
  readonly onSignalReaders: (readers: number) => void;
  /** Wasm function that suspends the guest that calls it until its next turn. */
  readonly yieldFunction: WebAssembly.ExportValue;
  readonly send: SendChunk;
  readonly pull: () => void;
}

/** One guest on this thread: made by {@link GuestContainer.create}, run once by {@link GuestContainer.run}. */
export class GuestContainer {
  readonly output: OutputPipe;
  readonly stdin: RemoteStdin;
  readonly #scheduler: Scheduler;
  readonly #task: Task;
  readonly #metered: boolean;
  readonly #limitPages: number;
  readonly #ended = Promise.withResolvers<GuestEnd>();
  #wasi: Wasi | undefined;
  #extension: GuestExtension | undefined;
  #guest: GuestInstance | undefined;

  private constructor({ plan, ready, scheduler, send, pull }: GuestContainerInit) {
    this.#metered = ready.form.kind === "metered";
    this.#scheduler = scheduler;
    this.output = new OutputPipe(send, this.#metered);
    this.stdin = new RemoteStdin(pull);
    this.#task = scheduler.add({ ...plan.resources, onPause: () => this.output.pause() });
    this.#limitPages = pagesOf(plan.resources.memoryLimitBytes ?? totalmem());
  }

  /**
   * Instantiates the module with everything the plan gives it.
   * @throws KrustletError `MissingImport`, `AddressInUse`, `CapacityExceeded` and others; nothing stays open.
   */
  static async create(init: GuestContainerInit): Promise<GuestContainer> {
    const { plan, scheduler } = init;
    const container = new GuestContainer(init);
    await using undo = new AsyncDisposableStack();
    if (init.extension !== undefined) undo.use(init.extension);
    const listen = [];
    for (const socket of plan.listen) listen.push(undo.use(await openListener(socket)));
    const { output, stdin } = container;
    const wasi = createWasi({
      args: plan.args,
      env: envOf(plan),
      stdin: init.stdin ? stdin : undefined,
      stdout: output.stdout,
      stderr: output.stderr,
      preopens: [{ guestPath: "/", node: buildMountTree(plan.mounts) }],
      listen,
      network: { address: plan.address },
      http: plan.http,
      onSignalReaders: init.onSignalReaders,
      faces: init.extension?.faces,
      gate: container.#metered ? new TaskGate(scheduler, container.#task) : undefined,
    });
    undo.defer(() => wasi.close());
    container.#guest = instantiateGuest({ ...init, wasi, limitPages: container.#limitPages });
    container.#wasi = wasi;
    container.#extension = init.extension;
    undo.move();
    return container;
  }

  /** Runs the guest to its end, whoever ends it. */
  run(): Promise<GuestEnd> {
    const [wasi, guest] = [this.#wasi, this.#guest];
    if (wasi === undefined) throw new TypeError("a container runs only after it was created");
    if (guest === undefined) {
      this.#end(wasi, {
        exitCode: 137,
        reason: "OOMKilled",
        message: `the module wants more memory from its start than its limit lets it have, ${this.#limitPages * 64} KiB`,
      });
    } else if (this.#metered) this.#scheduler.turn(this.#task, () => this.#start(wasi, guest));
    else this.#start(wasi, guest);
    return this.#ended.promise.then((end) => {
      this.#scheduler.remove(this.#task, wasi.unwind);
      this.#extension?.[Symbol.dispose]();
      this.output.flush();
      return end;
    });
  }

  /** Asks the guest to stop; one that does not listen is ended with 143. */
  terminate(): void {
    if (this.#wasi?.terminate() === false) this.#end(this.#wasi, { exitCode: 143, reason: "Error" });
  }

  kill(): void {
    if (this.#wasi !== undefined) this.#end(this.#wasi, { exitCode: 137, reason: "Error" });
  }

  usage(): ContainerUsage {
    return {
      cpuMicros: Math.round(this.#scheduler.microsOf(this.#task)),
      memoryBytes: this.#guest?.memory?.buffer.byteLength ?? 0,
    };
  }

  #start(wasi: Wasi, guest: GuestInstance): void {
    // A kill or a stop request settles #ended before this does, and then this may never settle.
    wasi.start(guest.instance, { memory: guest.memory }).then(
      (exit) => this.#ended.resolve(endOf(exit, guest.growRefused())),
      (error: unknown) => this.#ended.resolve({ exitCode: 137, reason: "Error", message: String(error) }),
    );
  }

  #end(wasi: Wasi, end: GuestEnd): void {
    this.#ended.resolve(end);
    this.#scheduler.remove(this.#task, wasi.unwind);
    wasi.close();
  }
}

function envOf({ env, workingDir }: ContainerPlan): Readonly<Record<string, string>> {
  if (workingDir === undefined || workingDir === "/" || "PWD" in env) return env;
  return { ...env, PWD: workingDir };
}
