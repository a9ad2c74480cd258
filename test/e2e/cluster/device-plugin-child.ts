/** A device plugin as a process: two healthy devices, a directory that comes with them, and a device node. */
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import type {
  ServerUnaryCall,
  ServerWritableStream,
  ServiceClientConstructor,
  sendUnaryData,
} from "@grpc/grpc-js";
import { credentials, loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [directory = "", resource = "", shared = ""] = process.argv.slice(2);
const ENDPOINT = "test-gpu.sock";
const PERIOD_MS = 100;
const kubelet = join(directory, "kubelet.sock");

const definition = loadSync(join(import.meta.dirname, "device-plugin.proto"), { keepCase: true });
const { v1beta1 } = loadPackageDefinition(definition) as unknown as {
  readonly v1beta1: Readonly<Record<"DevicePlugin" | "Registration", ServiceClientConstructor>>;
};

const server = new Server();
server.addService(v1beta1.DevicePlugin.service, {
  GetDevicePluginOptions: (_call: unknown, done: sendUnaryData<object>) => done(null, {}),
  ListAndWatch: (stream: ServerWritableStream<object, object>) => {
    stream.write({ devices: ["one", "two"].map((ID) => ({ ID, health: "Healthy" })) });
  },
  Allocate: (
    { request }: ServerUnaryCall<{ container_requests: { devices_ids: string[] }[] }, object>,
    done: sendUnaryData<object>,
  ) => {
    const ids = request.container_requests[0]?.devices_ids.join(",") ?? "";
    const response = {
      envs: { DEVICE_PLUGIN_VAR: ids },
      mounts: [{ container_path: "/gpu/dir", host_path: shared }],
      devices: [{ container_path: "/dev/test-gpu", host_path: "/dev/test-gpu", permissions: "rw" }],
    };
    process.stdout.write(`allocates ${ids}\n`);
    done(null, { container_responses: [response] });
  },
});

rmSync(join(directory, ENDPOINT), { force: true });
server.bindAsync(`unix:${join(directory, ENDPOINT)}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  // A kubelet that starts anew makes a new socket, and knows nobody.
  let known = 0;
  setInterval(() => {
    const inode = existsSync(kubelet) ? statSync(kubelet).ino + statSync(kubelet).ctimeMs : 0;
    if (inode === known) return;
    known = inode;
    if (inode !== 0) register(() => (known = 0));
  }, PERIOD_MS);
});

function register(otherwise: () => void): void {
  const client = new v1beta1.Registration(`unix:${kubelet}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = v1beta1.Registration.service["Register"]!;
  const request = { version: "v1beta1", endpoint: ENDPOINT, resource_name: resource };
  client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) => {
    process.stdout.write(error === null ? "registered\n" : `not registered: ${error.details}\n`);
    client.close();
    if (error !== null) otherwise();
  });
}
