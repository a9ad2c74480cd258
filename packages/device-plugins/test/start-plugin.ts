import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:http2";
import { join } from "node:path";

import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";

import { loadPluginApi } from "../src/load-plugin-api.ts";
import type { ContainerAnswer, DeviceList, RegisterRequest } from "../src/messages.ts";

/** A device: its ID and its health. */
type TestDevice = readonly [id: string, health: string];

/** A device plugin of a test, on a socket of its own. Disposing ends it and removes the socket. */
export interface TestPlugin extends AsyncDisposable {
  /** What was asked of it, in order: `allocate a,b`, `prestart a`. */
  readonly calls: string[];
  /** Registers at the kubelet's socket; rejects with what it answers. */
  register(request?: Partial<RegisterRequest>): Promise<void>;
  /** Tells other devices. */
  list(devices: readonly TestDevice[]): void;
  /** Ends the lists that are followed. */
  hangUp(): void;
}

/** How a plugin of a test behaves. */
export interface TestPluginInit {
  readonly directory: string;
  readonly resource?: string;
  readonly endpoint?: string;
  readonly devices?: readonly TestDevice[];
  readonly preStart?: boolean;
  /** Lists nothing until it is told to, and notes `list` when it is asked. */
  readonly quiet?: boolean;
  /** What it gives; undefined never answers. Default: `DEVICES` with the IDs. */
  readonly answer?: (ids: readonly string[]) => readonly Partial<ContainerAnswer>[] | undefined;
}

/** Starts one; it has not registered yet. */
export async function startPlugin(init: TestPluginInit): Promise<TestPlugin> {
  const { directory, resource = "example.com/gpu", endpoint = "gpu.sock" } = init;
  const { answer = (ids: readonly string[]) => [{ envs: { DEVICES: ids.join(",") } }] } = init;
  const { grpc, plugin, registration } = await loadPluginApi();
  const calls: string[] = [];
  let devices = init.devices ?? [];
  const streams = new Set<ServerWritableStream<object, DeviceList>>();
  const listOf = (): DeviceList => ({ devices: devices.map(([ID, health]) => ({ ID, health })) });
  const server = new grpc.Server();
  server.addService(
    { ...plugin },
    {
      GetDevicePluginOptions: (_call: unknown, done: sendUnaryData<object>) =>
        done(null, { pre_start_required: init.preStart ?? false }),
      ListAndWatch: (stream: ServerWritableStream<object, DeviceList>) => {
        streams.add(stream);
        stream.on("cancelled", () => streams.delete(stream));
        if (init.quiet === true) calls.push("list");
        else stream.write(listOf());
      },
      Allocate: (
        { request }: ServerUnaryCall<{ container_requests: { devices_ids: string[] }[] }, object>,
        done: sendUnaryData<object>,
      ) => {
        const ids = request.container_requests[0]?.devices_ids ?? [];
        calls.push(`allocate ${ids.join(",")}`);
        const responses = answer(ids);
        if (responses !== undefined) done(null, { container_responses: responses });
      },
      PreStartContainer: (
        { request }: ServerUnaryCall<{ devices_ids: string[] }, object>,
        done: sendUnaryData<object>,
      ) => {
        calls.push(`prestart ${request.devices_ids.join(",")}`);
        done(null, {});
      },
    },
  );
  const socket = join(directory, endpoint);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  const client = new grpc.Client(
    `unix:${join(directory, "kubelet.sock")}`,
    grpc.credentials.createInsecure(),
  );
  return {
    calls,
    register: (request = {}) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = registration.Register;
        const whole = { version: "v1beta1", endpoint, resource_name: resource, options: null, ...request };
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, whole, (error) =>
          error === null ? resolve() : reject(error),
        );
      }),
    list: (others) => {
      devices = others;
      for (const stream of streams) stream.write(listOf());
    },
    hangUp: () => {
      for (const stream of streams) stream.end();
      streams.clear();
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      server.forceShutdown();
      await rm(socket, { force: true });
    },
  };
}

/** A socket that takes every call of HTTP/2 and answers it with no gRPC. */
export async function startNonsense(path: string): Promise<AsyncDisposable> {
  const server = createServer((_request, response) => response.end("<html>"));
  server.listen(path);
  await once(server, "listening");
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}
