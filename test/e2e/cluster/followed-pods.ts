import type { Kube, ObjectChange, WatchOptions } from "@krustlet/kube";
import { watchPods } from "@krustlet/kube";
import { eventually } from "@krustlet/testkit";
import type { V1Pod } from "@kubernetes/client-node";

/** What a watch of pods, or of anything else, has told. */
export class Told<T extends { metadata?: { name?: string } }> {
  readonly lines: string[] = [];
  readonly objects = new Map<string, T>();
  synced = false;
  readonly next = (change: ObjectChange<T>): void => {
    if (change.type === "synced") {
      this.synced = true;
      return;
    }
    const name = change.object.metadata?.name ?? "";
    this.lines.push(`${change.type} ${name}`);
    if (change.type === "deleted") this.objects.delete(name);
    else this.objects.set(name, change.object);
  };
}

/** The pods of a node as a watch tells of them, until it is disposed. */
export class FollowedPods implements Disposable {
  readonly told: Told<V1Pod> = new Told();
  readonly failures: unknown[] = [];
  silences = 0;
  readonly #watching: { unsubscribe(): void };

  constructor(kube: Kube, node: string, options: Pick<WatchOptions<V1Pod>, "silentAfterMs"> = {}) {
    this.#watching = watchPods(kube, node, {
      ...options,
      onFailure: (error) => this.failures.push(error),
      onSilence: () => (this.silences += 1),
    }).subscribe(this.told.next);
  }

  /** Resolves when everything that there is has been told. */
  synced(): Promise<void> {
    return eventually(
      () => this.told.synced,
      () => "the watch is not synced",
    );
  }

  /** Resolves when a line such as `added web` has been told. */
  saw(line: string): Promise<void> {
    return eventually(
      () => this.told.lines.includes(line),
      () => `${line} is not among ${this.told.lines.join(", ")}`,
    );
  }

  [Symbol.dispose](): void {
    this.#watching.unsubscribe();
  }
}
