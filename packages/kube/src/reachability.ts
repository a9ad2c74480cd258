import { Subject } from "rxjs";
import type { Observable } from "rxjs";
import { isApiError } from "./api-error.ts";

/** Whether an API server answers, as the calls that it is asked find out. */
export interface Reachability {
  /** Emits when a call is answered and the one before was not. Never completes. */
  readonly again$: Observable<void>;
  /** A call was answered, though it may have been refused. */
  answered(): void;
  /** A call has failed. */
  failed(error: unknown): void;
}

/** One for each API server. It is taken to be there until a call says otherwise. */
export function createReachability(): Reachability {
  const again = new Subject<void>();
  let away = false;
  const answered = (): void => {
    if (!away) return;
    away = false;
    again.next();
  };
  return {
    again$: again.asObservable(),
    answered,
    failed: (error) => {
      if (isAway(error)) away = true;
      else answered();
    },
  };
}

/** What a load balancer says whose API servers are away. */
const NOBODY_BEHIND: ReadonlySet<number> = new Set([502, 503, 504]);

/** Pure: whether a call failed because nobody was there to answer it; what is refused is answered. */
export function isAway(error: unknown): boolean {
  return !isApiError(error) || NOBODY_BEHIND.has(error.code);
}
