import { Observable } from "rxjs";
import type { OperatorFunction } from "rxjs";

/** Does one piece of work; what it resolves to is passed on. Aborted when the piece is no longer wanted. */
export type Perform<Action, Result> = (action: Action, signal: AbortSignal) => Promise<Result | undefined>;

/** Why work ends that is not wanted any more; one for all, because making it takes longer than telling it. */
const NOT_WANTED = new DOMException("it is not wanted any more", "AbortError");

/**
 * From lists of the work that should be under way to the results of that work: what is new in a list is started,
 * what is in it already is left alone (under way or done), and what is missing from it is cancelled. A result that
 * comes after the cancellation is dropped. Unsubscribing cancels everything.
 *
 * `perform` must not reject: whatever goes wrong has to be a result.
 */
export function performKeyed<Action extends { readonly key: string }, Result>(
  perform: Perform<Action, Result>,
): OperatorFunction<readonly Action[], Result> {
  return (lists$) =>
    new Observable((subscriber) => {
      /** Undefined: it is done. */
      const listed = new Map<string, AbortController | undefined>();
      const start = async (action: Action, controller: AbortController): Promise<void> => {
        try {
          const result = await perform(action, controller.signal);
          // Nobody has to be told any more that it is not wanted.
          if (listed.get(action.key) === controller) listed.set(action.key, undefined);
          if (result !== undefined && !controller.signal.aborted) subscriber.next(result);
        } catch (error) {
          if (!controller.signal.aborted) subscriber.error(error);
        }
      };
      const leave = (controller: AbortController | undefined): void => controller?.abort(NOT_WANTED);
      const subscription = lists$.subscribe({
        next: (list) => {
          const keys = new Set(list.map(({ key }) => key));
          for (const [key, controller] of listed) {
            if (keys.has(key)) continue;
            listed.delete(key);
            leave(controller);
          }
          for (const action of list) {
            if (listed.has(action.key)) continue;
            const controller = new AbortController();
            listed.set(action.key, controller);
            void start(action, controller);
          }
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      return () => {
        subscription.unsubscribe();
        for (const controller of listed.values()) leave(controller);
        listed.clear();
      };
    });
}
