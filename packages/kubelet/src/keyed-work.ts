/** What {@link keyedWork} is made of. */
export interface KeyedWorkInit<Action, Result> {
  /**
   * Does one piece of work; what it resolves to, if anything, is passed on. The signal is aborted when the piece is not
   * wanted any more. It must not reject: whatever goes wrong has to be a result.
   */
  readonly perform: (action: Action, signal: AbortSignal) => Promise<Result | undefined>;
  readonly done: (result: Result) => void;
  /** Told where `perform`, or `done`, failed all the same. */
  readonly failed: (error: unknown) => void;
}

/** Work that should be under way, by key. */
export interface KeyedWork<Action> {
  /**
   * Says what should be under way now: what is new is started, what is under way or done already is left alone, and what is
   * missing is cancelled. A result that comes after the cancellation is dropped.
   */
  want(actions: readonly Action[]): void;
  /** Cancels everything; nothing is passed on any more. */
  cancel(): void;
}

/** Why work ends that is not wanted any more; one for all, because making it takes longer than telling it. */
const NOT_WANTED = new DOMException("it is not wanted any more", "AbortError");

/** Keeps work under way as it is wanted. */
export function keyedWork<Action extends { readonly key: string }, Result>(
  init: KeyedWorkInit<Action, Result>,
): KeyedWork<Action> {
  /** What is wanted; undefined: it is done. */
  const wanted = new Map<string, AbortController | undefined>();
  const start = async (action: Action, controller: AbortController): Promise<void> => {
    try {
      const result = await init.perform(action, controller.signal);
      // Nobody has to be told any more that it is not wanted.
      if (wanted.get(action.key) === controller) wanted.set(action.key, undefined);
      if (result !== undefined && !controller.signal.aborted) init.done(result);
    } catch (error) {
      if (!controller.signal.aborted) init.failed(error);
    }
  };
  const want = (actions: readonly Action[]): void => {
    const keys = new Set(actions.map(({ key }) => key));
    for (const [key, controller] of wanted) {
      if (keys.has(key)) continue;
      wanted.delete(key);
      controller?.abort(NOT_WANTED);
    }
    for (const action of actions) {
      if (wanted.has(action.key)) continue;
      const controller = new AbortController();
      wanted.set(action.key, controller);
      void start(action, controller);
    }
  };
  return { want, cancel: () => want([]) };
}
