import { Observable } from "rxjs";

/** The bridge from a task that can be aborted to an Observable: unsubscribing aborts; an abort is no error. */
export function fromAbortable<T>(
  work: (emit: (value: T) => void, signal: AbortSignal) => Promise<void>,
): Observable<T> {
  return new Observable((subscriber) => {
    const controller = new AbortController();
    work((value) => subscriber.next(value), controller.signal).then(
      () => subscriber.complete(),
      (error: unknown) => {
        if (!controller.signal.aborted) subscriber.error(error);
      },
    );
    return () => controller.abort();
  });
}
