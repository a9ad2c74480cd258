import type { Clock } from "@krustlet/interface";

/** Answers that count for a while, so that the API server is not asked at every request. */
export interface AnswerCache<T> {
  /** The answer under `key`, asked for once by all who want it at the same time. What rejects is not kept. */
  get(key: string, ask: () => Promise<T>): Promise<T>;
}

/** How {@link createAnswerCache} is to behave. */
export interface AnswerCacheInit<T> {
  readonly clock: Pick<Clock, "elapsed">;
  readonly ttlMsOf: (answer: T) => number;
  /** How many answers are kept; the ones longest unused go first. */
  readonly capacity: number;
}

/** A cache that whoever sends many different keys cannot make grow. */
export function createAnswerCache<T>({ clock, ttlMsOf, capacity }: AnswerCacheInit<T>): AnswerCache<T> {
  const kept = new Map<string, { readonly answer: T; readonly until: number }>();
  const asked = new Map<string, Promise<T>>();

  const askOnce = async (key: string, ask: () => Promise<T>): Promise<T> => {
    try {
      const answer = await Promise.resolve().then(ask);
      kept.set(key, { answer, until: clock.elapsed() + ttlMsOf(answer) });
      for (const [oldest] of kept) {
        if (kept.size <= capacity) break;
        kept.delete(oldest);
      }
      return answer;
    } finally {
      asked.delete(key);
    }
  };

  return {
    get: async (key, ask) => {
      const known = kept.get(key);
      kept.delete(key);
      if (known !== undefined && known.until > clock.elapsed()) {
        kept.set(key, known);
        return known.answer;
      }
      const pending = asked.get(key) ?? askOnce(key, ask);
      if (!asked.has(key)) asked.set(key, pending);
      return pending;
    },
  };
}
