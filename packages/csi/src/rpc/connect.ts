import type { ChannelCredentials, Client, ServiceError } from "@grpc/grpc-js";
import type { Cancellable } from "@krustlet/interface";

import { rpcError } from "./rpc-error.ts";

/** A service, and the types of its messages as protobuf.js writes them in JSON. */
export interface Schema {
  /** Full name, `package.Service`. */
  readonly service: string;
  readonly types: { readonly nested: Readonly<Record<string, object>> };
}

/** Options of {@link Connection.call}. */
interface RpcOptions extends Cancellable {
  /** Milliseconds until the call is given up. */
  readonly timeoutMs: number;
  /** Texts that no message may repeat. */
  readonly secrets?: readonly string[];
}

/** A connection to a gRPC server on a unix socket. Disposing cuts calls under way. */
export interface Connection extends Disposable {
  /**
   * One call; what the server left out has the default of its type.
   * @throws KrustletError `VolumeFailed` or `Timeout`, retryable; the signal's reason.
   */
  call(method: string, request: object, options: RpcOptions): Promise<unknown>;
}

/** No answer of a driver is long. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const CHANNEL = {
  "grpc.enable_http_proxy": 0,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  // A driver that comes back is found again within a second.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.min_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 1000,
  "grpc.max_receive_message_length": MAX_ANSWER_BYTES,
};

type Method = (request: object, options: { deadline: Date }, done: Done) => { cancel(): void };
type Done = (error: ServiceError | null, answer?: unknown) => void;

/** Connects to a service at the socket `path`, absolute. `where` begins the sentence of each error. */
export async function connect(path: string, schema: Schema, where: string): Promise<Connection> {
  // Loaded by the first plugin: a node without any does not pay for it.
  const [grpc, loader] = await Promise.all([import("@grpc/grpc-js"), import("@grpc/proto-loader")]);
  const definition = loader.fromJSON(schema.types, {
    keepCase: true,
    longs: String,
    defaults: true,
    arrays: true,
    objects: true,
  })[schema.service];
  const Service = grpc.makeClientConstructor(definition as never, schema.service) as unknown as new (
    target: string,
    credentials: ChannelCredentials,
    options: object,
  ) => Client & Readonly<Record<string, Method>>;
  const client = new Service(`unix://${path}`, grpc.credentials.createInsecure(), CHANNEL);
  const { CANCELLED } = grpc.status;
  return {
    call: (method, request, { timeoutMs, signal, secrets = [] }) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const call = client[method];
        if (call === undefined) return reject(new Error(`${schema.service} has no ${method}`));
        const deadline = new Date(Date.now() + timeoutMs);
        const running = call.call(client, request, { deadline }, (error, answer) => {
          signal?.removeEventListener("abort", abort);
          if (error === null) return resolve(answer);
          if (signal?.aborted === true && error.code === CANCELLED) return reject(signal.reason as Error);
          reject(rpcError(error, { where, method, timeoutMs, secrets }));
        });
        const abort = (): void => running.cancel();
        signal?.addEventListener("abort", abort, { once: true });
      }),
    [Symbol.dispose]: () => client.close(),
  };
}
