/** A request as the proxy sees it. */
export interface SeenRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Whether it is a watch. */
  readonly watch: boolean;
  /** The user of the client certificate; undefined for a token's bearer and for nobody. */
  readonly user?: string;
}

/** What happens to a request instead of being passed on. */
export type Fault =
  /** The proxy answers with a Kubernetes Status; the API server never sees the request. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly retryAfterSeconds?: number;
      readonly message?: string;
    }
  /** It is passed on later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Nothing is ever said to it, and its connection stays. */
  | { readonly kind: "stall" }
  /** Its connection breaks: before the API server sees the request, or instead of what it answered. */
  | { readonly kind: "cut"; readonly when: "before" | "answered" };

/** Which requests meet with which fault. */
export interface FaultRule {
  readonly match: (request: SeenRequest) => boolean;
  /** Which of those that match, counted from 1. Default: all. */
  readonly nth?: (count: number) => boolean;
  readonly fault: Fault;
}

/** A rule that is in force. Disposing ends it. */
export interface ActiveRule extends Disposable {
  /** How many requests matched it. */
  readonly matched: number;
  /** How many of them it was done to. */
  readonly hits: number;
}

/** The rules in force. Of those that apply to a request the first one is done to it; all count it. */
export class FaultRules {
  readonly #active = new Map<object, { rule: FaultRule; matched: number; hits: number }>();

  /** Puts a rule into force. */
  add(rule: FaultRule): ActiveRule {
    const state = { rule, matched: 0, hits: 0 };
    const key = {};
    this.#active.set(key, state);
    return {
      get matched() {
        return state.matched;
      },
      get hits() {
        return state.hits;
      },
      [Symbol.dispose]: () => void this.#active.delete(key),
    };
  }

  /** What is to be done to a request; undefined where it is passed on. */
  faultOf(request: SeenRequest): Fault | undefined {
    let fault: Fault | undefined;
    for (const state of this.#active.values()) {
      if (!state.rule.match(request)) continue;
      state.matched += 1;
      if (fault !== undefined || state.rule.nth?.(state.matched) === false) continue;
      state.hits += 1;
      fault = state.rule.fault;
    }
    return fault;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** Pure: the body of an answer of the API server that is no object. */
export function buildStatus(code: number, message: string): object {
  const reason = REASONS[code];
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason === undefined ? {} : { reason }),
    code,
  };
}
