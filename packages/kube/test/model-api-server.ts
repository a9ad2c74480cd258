import { KrustletError } from "@krustlet/interface";
import { Subject } from "rxjs";
import { ApiError } from "../src/api-error.ts";
import type { Kube, KubeCall } from "../src/kube.ts";

/** An object of the model. */
export interface ModelObject {
  readonly metadata: { name: string; namespace: string; uid: string; resourceVersion: string };
}

interface Logged {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: ModelObject;
}

/** One watch under way. */
interface Stream {
  readonly push: (bytes: Uint8Array) => void;
  readonly fail: (error: Error) => void;
  readonly end: () => void;
}

/**
 * An API server's objects and watches as the protocol has them, in memory: versions, a log that is compacted, streams
 * that can be cut at any byte. Implements what of a `Kube` a watch uses.
 */
export class ModelApiServer implements Pick<Kube, "request" | "open" | "reachable$"> {
  readonly objects = new Map<string, ModelObject>();
  readonly calls: KubeCall[] = [];
  readonly reachable$ = new Subject<void>();
  /** Errors that the next calls fail with. */
  failures: Error[] = [];
  /** Whether watches may begin with what there is. */
  streaming = true;
  /** Whether 410 comes as a first event of the watch, or as the answer's status. */
  expiresInStream = false;
  /** Bytes of each chunk; 0 for whole lines. */
  chunkBytes = 0;
  #version = 1;
  #uids = 0;
  #forgotten = 0;
  readonly #log: Logged[] = [];
  readonly #streams = new Set<Stream>();

  get watches(): number {
    return this.#streams.size;
  }

  put(name: string): void {
    const existing = this.objects.get(name);
    this.#version += 1;
    const uid = existing?.metadata.uid ?? `uid-${(this.#uids += 1)}`;
    const object = { metadata: { name, namespace: "ns", uid, resourceVersion: String(this.#version) } };
    this.objects.set(name, object);
    this.#happened({ version: this.#version, type: existing ? "MODIFIED" : "ADDED", object });
  }

  delete(name: string): void {
    const existing = this.objects.get(name);
    if (existing === undefined) return;
    this.#version += 1;
    this.objects.delete(name);
    const object = { metadata: { ...existing.metadata, resourceVersion: String(this.#version) } };
    this.#happened({ version: this.#version, type: "DELETED", object });
  }

  /** Forgets the past: who wants to go on from before now gets 410. */
  compact(): void {
    this.#version += 1;
    this.#forgotten = this.#version;
  }

  bookmark(): void {
    this.#say(bookmarkOf(this.#version, false));
  }

  /** Ends every watch: cleanly, by an error, by one in the middle of a line, or because nothing has come for long. */
  cut(how: "end" | "error" | "midline" | "silence"): void {
    for (const stream of this.#streams) {
      if (how === "midline") stream.push(Buffer.from('{"type":"ADDED","object":{"metad'));
      if (how === "end") stream.end();
      else stream.fail(how === "silence" ? new KrustletError("Timeout", "silent") : new Error("cut"));
    }
    this.#streams.clear();
  }

  async request<T>(call: KubeCall): Promise<T> {
    this.#answering(call);
    const items = [...this.objects.values()].map((object) => structuredClone(object));
    return { metadata: { resourceVersion: String(this.#version) }, items } as T;
  }

  async open(call: KubeCall, options: { signal?: AbortSignal }): Promise<AsyncIterable<Uint8Array>> {
    this.#answering(call);
    const { resourceVersion, sendInitialEvents } = call.query ?? {};
    if (sendInitialEvents === true && !this.streaming) throw apiError(422, "sendInitialEvents is forbidden");
    const lines: unknown[] = [];
    if (sendInitialEvents === true) {
      for (const object of this.objects.values()) lines.push({ type: "ADDED", object });
      lines.push(bookmarkOf(this.#version, true));
    } else if (Number(resourceVersion) < this.#forgotten) {
      if (!this.expiresInStream) throw apiError(410, "too old resource version");
      lines.push({ type: "ERROR", object: { kind: "Status", code: 410, message: "too old" } });
    } else {
      for (const { version, type, object } of this.#log) {
        if (version > Number(resourceVersion)) lines.push({ type, object });
      }
    }
    return this.#stream(lines, options.signal);
  }

  #answering(call: KubeCall): void {
    this.calls.push(call);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  #happened(event: Logged): void {
    this.#log.push(event);
    this.#say({ type: event.type, object: event.object });
  }

  #say(line: unknown): void {
    for (const stream of this.#streams) stream.push(Buffer.from(`${JSON.stringify(line)}\n`));
  }

  #stream(first: readonly unknown[], signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    const queue: Uint8Array[] = [];
    let ended: { readonly error?: Error } | undefined;
    let wake = (): void => undefined;
    const stream: Stream = {
      push: (bytes) => {
        const size = this.chunkBytes === 0 ? bytes.length : this.chunkBytes;
        for (let at = 0; at < bytes.length; at += size) queue.push(bytes.subarray(at, at + size));
        wake();
      },
      fail: (error) => {
        ended ??= { error };
        wake();
      },
      end: () => {
        ended ??= {};
        wake();
      },
    };
    for (const line of first) stream.push(Buffer.from(`${JSON.stringify(line)}\n`));
    this.#streams.add(stream);
    signal?.addEventListener("abort", () => {
      this.#streams.delete(stream);
      stream.fail(new Error("aborted"));
    });
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const chunk = queue.shift();
          if (chunk !== undefined) yield chunk;
          else if (ended === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else if (ended.error === undefined) return;
          else throw ended.error;
        }
      },
    };
  }
}

/** An answer of the API server that is no success. */
export function apiError(code: number, message = "", retryAfterMs?: number): ApiError {
  return new ApiError({ code, reason: "", message, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

function bookmarkOf(version: number, initialEnd: boolean): unknown {
  const annotations = initialEnd ? { "k8s.io/initial-events-end": "true" } : undefined;
  return { type: "BOOKMARK", object: { metadata: { resourceVersion: String(version), annotations } } };
}
