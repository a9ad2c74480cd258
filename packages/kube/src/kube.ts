import type { Cancellable } from "@krustlet/interface";
import type { Observable } from "rxjs";
import type { CallPriority } from "./create-call-lanes.ts";

/** One call of the API server. */
export interface KubeCall {
  /** Default `GET`. */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Absolute path below the server's address, every part of it escaped: see {@link pathOf}. */
  readonly path: string;
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Becomes JSON; dates as {@link jsonOf} writes them. A `PATCH` is a strategic merge patch. */
  readonly body?: unknown;
}

/** Options of {@link Kube.request}. */
export interface CallOptions extends Cancellable {
  /** Milliseconds from its turn on until the call is given up. Default: `callTimeoutMs` of the {@link Kube}, 15 s. */
  readonly timeoutMs?: number;
  /** Default `normal`. */
  readonly priority?: CallPriority;
  /** When what is called for began to wait, for `background` calls that waited elsewhere. */
  readonly since?: Date;
}

/** Options of {@link Kube.open}. */
export interface StreamOptions extends Cancellable {
  /** Milliseconds without a byte after which the stream counts as dead, and fails. */
  readonly silentAfterMs: number;
}

/**
 * A connection to one API server, by one kubeconfig. All clients of this room stand on it; it is closed by whoever
 * opened it.
 */
export interface Kube extends AsyncDisposable {
  /** The API server's address, `https://host:port[/prefix]`, for sentences. */
  readonly server: string;
  /** Emits when the API server answers again after calls that it did not answer. Never completes. */
  readonly reachable$: Observable<void>;
  /**
   * One call and its whole answer, parsed. The answer is JSON as it came: times in it are text, see `podFromJson`.
   *
   * @throws ApiError for an answer that is no success; KrustletError `Timeout`, `ApiServerUnavailable` or
   * `ApiServerUntrusted` where none came; the signal's reason.
   */
  request<T>(call: KubeCall, options?: CallOptions): Promise<T>;
  /**
   * An answer that has no end of its own, as it comes. Abort the signal, or leave the loop, to end it. Rejects, and
   * its iteration throws, as {@link Kube.request} does.
   */
  open(call: KubeCall, options: StreamOptions): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Uses another client certificate from now on, PEM. Calls under way are finished with the old one; streams are cut,
   * so that watches go on with the new one, where they were.
   *
   * @throws KrustletError `InvalidObject` where certificate and key are none, or do not belong together.
   */
  replaceClientCertificate(pair: ClientCertificate): void;
  /** Ends every connection; calls and streams under way fail. */
  close(): Promise<void>;
}

/** A client certificate (with its chain) and its key, both PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Pure: a path of the API server from its parts, each one escaped, so that no name can lead elsewhere. */
export function pathOf(...parts: readonly string[]): string {
  return `/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}
