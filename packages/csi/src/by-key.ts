/** Runs works of one key one after the other, those of different keys side by side. */
export class ByKey {
  readonly #last = new Map<string, Promise<unknown>>();

  /** What `work` gives, once all that was begun for the key before has ended. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work);
    // The failure is its caller's alone.
    const end = turn.catch(() => undefined);
    this.#last.set(key, end);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === end) this.#last.delete(key);
    }
  }
}
