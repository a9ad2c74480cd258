import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import type { ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import { CSI_PROTOCOL, REGISTRATION_PROTOCOL } from "./csi-protocol.ts";

/** One call that a driver was made. */
export interface CsiCall {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
}

/** What a driver's method does. What it throws is the call's failure, with its number in `code`. */
export type CsiMethod = (request: Readonly<Record<string, unknown>>) => unknown;

/** How to start a driver. */
export interface CsiDriverInit {
  readonly name: string;
  /** Where the kubelet looks for plugins. */
  readonly registry: string;
  /** File name of its socket there. Default: `<name>-reg.sock`. */
  readonly socket?: string;
  /** Methods that do something else than the driver's own. */
  readonly methods?: Readonly<Record<string, CsiMethod>>;
}

/** A CSI driver whose volumes are directories of its own, in this process, on unix sockets. Disposing ends it. */
export interface TestCsiDriver extends AsyncDisposable {
  readonly calls: readonly CsiCall[];
  /** The methods that were called, in order; questions are left out. */
  readonly changes: () => readonly string[];
  /** Where it keeps volumes, by volume id. */
  readonly volumes: string;
  /** Removes its socket from the registry, and goes on answering. */
  unregister(): Promise<void>;
}

type Callback = (error: unknown, answer?: unknown) => void;

/** Starts a driver and puts its socket into the registry. */
export async function startCsiDriver(init: CsiDriverInit): Promise<TestCsiDriver> {
  const directory = await mkdtemp(join(tmpdir(), "csi-"));
  const volumes = join(directory, "volumes");
  await mkdir(volumes);
  const endpoint = join(directory, "csi.sock");
  const calls: CsiCall[] = [];
  const methods = { ...methodsOf(init.name, endpoint, volumes), ...init.methods };
  const served = Object.fromEntries(
    Object.entries(methods).map(([method, run]) => [
      method,
      (call: { readonly request: CsiCall["request"] }, done: Callback) => {
        calls.push({ method, request: call.request });
        void answer(() => run(call.request), done);
      },
    ]),
  );
  const registration = join(init.registry, init.socket ?? `${init.name}-reg.sock`);
  const server = await serve(directory, served, [endpoint, registration]);
  return {
    calls,
    changes: () => calls.map(({ method }) => method).filter((method) => /^Node.*Volume$/u.test(method)),
    volumes,
    unregister: () => unlink(registration),
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      await rm(registration, { force: true });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function answer(run: () => unknown, done: Callback): Promise<void> {
  let given: unknown;
  try {
    given = await run();
  } catch (error) {
    done(error);
    return;
  }
  done(null, given ?? {});
}

/** A driver that is well: a volume is a directory, published by a link to it. */
function methodsOf(name: string, endpoint: string, volumes: string): Readonly<Record<string, CsiMethod>> {
  return {
    GetInfo: () => ({ type: "CSIPlugin", name, endpoint, supported_versions: ["1.0.0"] }),
    NotifyRegistrationStatus: () => ({}),
    GetPluginInfo: () => ({ name, vendor_version: "1.0.0" }),
    Probe: () => ({ ready: { value: true } }),
    NodeGetInfo: () => ({ node_id: "node-of-the-driver" }),
    NodeGetCapabilities: () => ({ capabilities: [{ rpc: { type: 1 } }] }),
    NodeStageVolume: () => ({}),
    NodeUnstageVolume: () => ({}),
    NodePublishVolume: async ({ volume_id, target_path }) => {
      const volume = join(volumes, encodeURIComponent(String(volume_id)));
      await mkdir(volume, { recursive: true });
      await rm(String(target_path), { force: true });
      await symlink(volume, String(target_path));
    },
    NodeUnpublishVolume: ({ target_path }) => rm(String(target_path), { force: true }),
  };
}

async function serve(
  directory: string,
  methods: Readonly<Record<string, unknown>>,
  sockets: readonly string[],
): Promise<Server> {
  const server = new Server();
  for (const [service, text] of [
    ["csi.v1.Identity", CSI_PROTOCOL],
    ["csi.v1.Node", CSI_PROTOCOL],
    ["pluginregistration.Registration", REGISTRATION_PROTOCOL],
  ] as const) {
    const file = join(directory, `${service}.proto`);
    await writeFile(file, text);
    const definition = loadPackageDefinition(
      loadSync(file, { keepCase: true, longs: String, defaults: true }),
    );
    let found: unknown = definition;
    for (const part of service.split(".")) found = (found as Readonly<Record<string, unknown>>)[part];
    server.addService((found as ServiceClientConstructor).service, methods as never);
  }
  for (const socket of sockets) {
    await new Promise<void>((resolve, reject) => {
      const bound = (error: Error | null): void => (error === null ? resolve() : reject(error));
      server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), bound);
    });
  }
  return server;
}
