import type * as Grpc from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/grpc-js";

import type { AllocateAnswer, DeviceList, PluginOptions, RegisterRequest } from "./messages.ts";

/** gRPC, and the services of the device plugin API with how their messages are written. */
export interface PluginApi {
  readonly grpc: typeof Grpc;
  readonly registration: { readonly Register: MethodDefinition<RegisterRequest, object> };
  readonly plugin: {
    readonly GetDevicePluginOptions: MethodDefinition<object, PluginOptions>;
    readonly ListAndWatch: MethodDefinition<object, DeviceList>;
    readonly Allocate: MethodDefinition<
      { readonly container_requests: readonly { readonly devices_ids: readonly string[] }[] },
      AllocateAnswer
    >;
    readonly PreStartContainer: MethodDefinition<{ readonly devices_ids: readonly string[] }, object>;
  };
}

interface Field {
  type: string;
  id: number;
  rule?: string;
  keyType?: string;
}

const field = (type: string, id: number): Field => ({ type, id });
const list = (type: string, id: number): Field => ({ type, id, rule: "repeated" });
const texts = (id: number): Field => ({ type: "string", keyType: "string", id });
const method = (requestType: string, responseType: string, responseStream = false) => ({
  requestType,
  responseType,
  responseStream,
  comment: "",
});

/** The numbers of Kubernetes' public API; what is not used here (topology, preferred allocation) is not read. */
const V1BETA1 = {
  Registration: { methods: { Register: method("RegisterRequest", "Empty") } },
  DevicePlugin: {
    methods: {
      GetDevicePluginOptions: method("Empty", "DevicePluginOptions"),
      ListAndWatch: method("Empty", "ListAndWatchResponse", true),
      Allocate: method("AllocateRequest", "AllocateResponse"),
      PreStartContainer: method("PreStartContainerRequest", "Empty"),
    },
  },
  Empty: { fields: {} },
  DevicePluginOptions: {
    fields: {
      pre_start_required: field("bool", 1),
      get_preferred_allocation_available: field("bool", 2),
    },
  },
  RegisterRequest: {
    fields: {
      version: field("string", 1),
      endpoint: field("string", 2),
      resource_name: field("string", 3),
      options: field("DevicePluginOptions", 4),
    },
  },
  ListAndWatchResponse: { fields: { devices: list("Device", 1) } },
  Device: { fields: { ID: field("string", 1), health: field("string", 2) } },
  PreStartContainerRequest: { fields: { devices_ids: list("string", 1) } },
  AllocateRequest: { fields: { container_requests: list("ContainerAllocateRequest", 1) } },
  ContainerAllocateRequest: { fields: { devices_ids: list("string", 1) } },
  AllocateResponse: { fields: { container_responses: list("ContainerAllocateResponse", 1) } },
  ContainerAllocateResponse: {
    fields: {
      envs: texts(1),
      mounts: list("Mount", 2),
      devices: list("DeviceSpec", 3),
      annotations: texts(4),
      cdi_devices: list("CDIDevice", 5),
    },
  },
  Mount: {
    fields: {
      container_path: field("string", 1),
      host_path: field("string", 2),
      read_only: field("bool", 3),
    },
  },
  DeviceSpec: { fields: { container_path: field("string", 1), host_path: field("string", 2) } },
  CDIDevice: { fields: { name: field("string", 1) } },
};

let loading: Promise<PluginApi> | undefined;

/** Loads gRPC, which a node without device plugins never needs. */
export function loadPluginApi(): Promise<PluginApi> {
  return (loading ??= load());
}

async function load(): Promise<PluginApi> {
  const [grpc, { fromJSON }] = await Promise.all([import("@grpc/grpc-js"), import("@grpc/proto-loader")]);
  // It writes to stderr by itself what its calls reject with as well.
  const silent = (): void => undefined;
  grpc.setLogger({ error: silent, info: silent, debug: silent });
  const services = fromJSON(
    { nested: { v1beta1: { nested: V1BETA1 } } },
    { keepCase: true, defaults: true, arrays: true, objects: true },
  );
  return {
    grpc,
    registration: services["v1beta1.Registration"] as unknown as PluginApi["registration"],
    plugin: services["v1beta1.DevicePlugin"] as unknown as PluginApi["plugin"],
  };
}
