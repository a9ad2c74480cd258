import type { Gate } from "@krustlet/wasi";
import type { Scheduler, Task } from "./scheduler.ts";

/** Lets a guest run while its task holds the thread. */
export class TaskGate implements Gate {
  readonly #scheduler: Scheduler;
  readonly #task: Task;

  constructor(scheduler: Scheduler, task: Task) {
    this.#scheduler = scheduler;
    this.#task = task;
  }

  enter(): void {}

  leave(): void {
    this.#scheduler.release(this.#task);
  }

  turn(goOn: () => void): void {
    this.#scheduler.turn(this.#task, goOn);
  }
}
