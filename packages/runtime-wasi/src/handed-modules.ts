import type { ModuleNumber, ReadyModule, ToThread } from "./protocol.ts";

interface HandedModule {
  readonly number: ModuleNumber;
  users: number;
}

/** A module on a thread for one container. Disposing gives it back, once. */
export interface HandedModuleLease extends Disposable {
  readonly number: ModuleNumber;
}

/** The modules that one thread was handed, each as long as a container of it is there. */
export class HandedModules {
  readonly #post: (message: ToThread) => void;
  readonly #modules = new Map<ReadyModule, HandedModule>();
  #next = 1;

  constructor(post: (message: ToThread) => void) {
    this.#post = post;
  }

  /** The number of a module, which the thread is told before this returns. */
  lease(ready: ReadyModule): HandedModuleLease {
    const handed = this.#modules.get(ready) ?? this.#hand(ready);
    handed.users += 1;
    let given = false;
    return {
      number: handed.number,
      [Symbol.dispose]: () => {
        if (given) return;
        given = true;
        handed.users -= 1;
        if (handed.users > 0) return;
        this.#modules.delete(ready);
        this.#post({ type: "forget", module: handed.number });
      },
    };
  }

  #hand(ready: ReadyModule): HandedModule {
    const handed = { number: this.#next++, users: 0 };
    this.#modules.set(ready, handed);
    this.#post({ type: "module", module: handed.number, ready });
    return handed;
  }
}
