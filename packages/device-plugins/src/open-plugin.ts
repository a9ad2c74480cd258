import type { Client, MethodDefinition } from "@grpc/grpc-js";
import type { Cancellable } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";

import type { PluginApi } from "./load-plugin-api.ts";
import type { AllocateAnswer, DeviceList } from "./messages.ts";
import type { Registration } from "./registration-of.ts";
import { shown } from "./shown.ts";

/** A plugin that is talked to. Disposing hangs up; it tells nothing after that. */
export interface PluginConnection extends Disposable {
  /** What a container gets with the devices of these IDs. @throws KrustletError `CapacityExceeded`. */
  allocate(ids: readonly string[], options?: Cancellable): Promise<AllocateAnswer>;
  /** Tells the plugin that a container starts, if it wants to know. @throws KrustletError `CapacityExceeded`. */
  beforeStart(ids: readonly string[], options?: Cancellable): Promise<void>;
}

/** What {@link openPlugin} needs. */
export interface OpenPluginInit {
  readonly api: PluginApi;
  /** The path of the plugin's socket. */
  readonly socket: string;
  readonly registration: Registration;
  /** How long one call may take. */
  readonly callTimeoutMs: number;
  /** All devices of the plugin. Where it throws, the plugin is hung up on. */
  readonly onDevices: (list: DeviceList) => void;
  /** Told once: the plugin is gone, and has no devices any more. */
  readonly onGone: (why: string) => void;
}

/** Connects to a plugin that has registered, and follows its devices. Never rejects, and waits for nothing. */
export function openPlugin(init: OpenPluginInit): PluginConnection {
  const { api, socket, registration, callTimeoutMs, onDevices, onGone } = init;
  const { grpc, plugin } = api;
  const client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
    "grpc.enable_channelz": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
  });
  const call = async <Request, Answer>(
    method: MethodDefinition<Request, Answer>,
    request: Request,
    signal?: AbortSignal,
  ): Promise<Answer> => {
    try {
      return await answerOf(init, client, method, request, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw callFailed(init, method.path.slice(method.path.lastIndexOf("/") + 1), error);
    }
  };
  let isOver = false;
  const over = (why: string): void => {
    if (isOver) return;
    isOver = true;
    client.close();
    onGone(why);
  };
  const options = call(plugin.GetDevicePluginOptions, {}).catch(() => registration.options);
  const lists = client.makeServerStreamRequest(
    plugin.ListAndWatch.path,
    plugin.ListAndWatch.requestSerialize,
    plugin.ListAndWatch.responseDeserialize,
    {},
    // Some plugins register before they listen.
    waiting(api),
  );
  // One that is not there after all is not waited for; one that is there may take its time to find devices.
  client.waitForReady(Date.now() + callTimeoutMs, (error) => {
    if (error === undefined || isOver) return;
    lists.cancel();
    over(`has not answered at its socket within ${callTimeoutMs / 1000} s`);
  });
  lists.on("data", (list: DeviceList) => {
    if (isOver) return;
    try {
      onDevices(list);
    } catch (error) {
      lists.cancel();
      over(reasonOf(error));
    }
  });
  lists.on("error", (error) => over(reasonOf(error)));
  lists.on("end", () => over("has ended its list"));
  return {
    allocate: (ids, { signal } = {}) =>
      call(plugin.Allocate, { container_requests: [{ devices_ids: ids }] }, signal),
    beforeStart: async (ids, { signal } = {}) => {
      if ((await options)?.pre_start_required !== true) return;
      await call(plugin.PreStartContainer, { devices_ids: ids }, signal);
    },
    [Symbol.dispose]: () => {
      isOver = true;
      lists.cancel();
      client.close();
    },
  };
}

function answerOf<Request, Answer>(
  { api, callTimeoutMs }: OpenPluginInit,
  client: Client,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Answer>,
  request: Request,
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + callTimeoutMs };
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      waiting(api),
      options,
      (error, answer) => {
        signal?.removeEventListener("abort", cancel);
        if (error !== null) reject(error);
        else if (answer === undefined) reject(new Error("there was no answer"));
        else resolve(answer);
      },
    );
    const cancel = (): void => call.cancel();
    if (signal?.aborted === true) cancel();
    else signal?.addEventListener("abort", cancel, { once: true });
  });
}

function waiting({ grpc }: PluginApi): InstanceType<PluginApi["grpc"]["Metadata"]> {
  return new grpc.Metadata({ waitForReady: true });
}

function callFailed(init: OpenPluginInit, method: string, cause: unknown): KrustletError {
  const { grpc } = init.api;
  const isLate = cause instanceof Error && "code" in cause && cause.code === grpc.status.DEADLINE_EXCEEDED;
  const { resource } = init.registration;
  const why = isLate
    ? `has not answered within ${init.callTimeoutMs / 1000} s`
    : `refuses: ${reasonOf(cause)}`;
  return new KrustletError(
    "CapacityExceeded",
    `The device plugin of ${resource}, asked for ${method}, ${why}.`,
    { cause, retryable: true },
  );
}

/** What an error of gRPC, or of ours, says; the plugin's own words are a stranger's. */
function reasonOf(error: unknown): string {
  if (error instanceof KrustletError) return error.message;
  if (error instanceof Error && "details" in error && typeof error.details === "string") {
    return shown(error.details);
  }
  return error instanceof Error ? shown(error.message) : shown(String(error));
}
