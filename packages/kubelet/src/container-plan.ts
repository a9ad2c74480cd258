import { expandVariables } from "@krustlet/environment";
import type {
  ContainerPlan,
  ContainerResources,
  ListenSocket,
  Mount,
  PodKey,
  WasmImage,
} from "@krustlet/interface";
import type { V1Container, V1ContainerPort, V1Pod } from "@kubernetes/client-node";

import { demandStartable } from "./demand-startable.ts";
import { httpAccessOf } from "./http-access.ts";

/** Pods with this annotation set to `"true"` run each container on a thread of its own, unmetered. */
const ISOLATED_ANNOTATION = "krustlet.dev/isolated";

/** From this request on (half a core) a container has a thread of its own. */
const ISOLATED_FROM_CPU_MILLIS = 500;

/** What {@link buildContainerPlan} makes a plan from. */
export interface ContainerPlanInit {
  /** 64 hex digits, unique for each start. */
  readonly id: string;
  readonly pod: V1Pod;
  readonly container: V1Container;
  readonly image: WasmImage;
  /** The container's own variables: `envFrom` and `env`, resolved. The image's come under them. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly resources: ContainerResources;
  /** The pod's address. */
  readonly address?: string;
}

/**
 * Everything that a runtime needs to start `container`.
 * @throws KrustletError `StartFailed` for more arguments and environment than a program can have; `InvalidField`.
 */
export function buildContainerPlan(init: ContainerPlanInit): ContainerPlan {
  const { pod, container, image } = init;
  const listen = listenSocketsOf(pod, container, init.address);
  const env = {
    HOSTNAME: pod.spec?.hostname ?? pod.metadata?.name ?? "",
    ...imageEnvOf(image),
    ...init.env,
    ...(listen.length > 0 ? listenEnvOf(listen) : {}),
  };
  const rootfs: readonly Mount[] =
    image.rootfs === undefined || init.mounts.some((mount) => mount.target === "/")
      ? []
      : [{ source: image.rootfs, target: "/", kind: "directory", readOnly: true }];
  const plan: ContainerPlan = {
    id: init.id,
    pod: podKeyOf(pod),
    name: container.name,
    module: image.module,
    args: argsOf(container, image, init.env),
    env,
    workingDir: container.workingDir ?? image.config.workingDir,
    mounts: [...rootfs, ...init.mounts],
    listen,
    address: pod.spec?.hostNetwork === true ? undefined : init.address,
    http: httpAccessOf(pod),
    resources: init.resources,
    isolated: isolatedOf(pod, init.resources),
  };
  demandStartable(plan);
  return plan;
}

/** Namespace, name and UID of a Pod. */
export function podKeyOf(pod: V1Pod): PodKey {
  const { namespace = "default", name = "", uid = "" } = pod.metadata ?? {};
  return { namespace, name, uid };
}

/**
 * The guest's argv. As Kubernetes has it, `command` replaces the image's entrypoint (and its command with it), and
 * `args` its command. Where nothing names the program, as in a wasm artifact, `argv[0]` is the module's name.
 */
export function argsOf(
  container: Pick<V1Container, "command" | "args">,
  image: Pick<WasmImage, "reference" | "config">,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const lookup = (name: string): string | undefined => (Object.hasOwn(env, name) ? env[name] : undefined);
  const expand = (list: readonly string[] = []): string[] =>
    list.map((each) => expandVariables(each, lookup));
  const { entrypoint = [], command = [] } = image.config;
  if (container.command !== undefined && container.command.length > 0) {
    return [...expand(container.command), ...expand(container.args)];
  }
  const hasArgs = container.args !== undefined && container.args.length > 0;
  if (entrypoint.length > 0) return [...entrypoint, ...(hasArgs ? expand(container.args) : command)];
  if (hasArgs) return [moduleNameOf(image.reference), ...expand(container.args)];
  return command.length > 0 ? command : [moduleNameOf(image.reference)];
}

/** The name that a module goes by: the last part of its reference or path, without tag and digest. */
export function moduleNameOf(reference: string): string {
  const [path = ""] = reference.split("@");
  const last = path.split("/").findLast((part) => part !== "") ?? "";
  return last.replace(/:[^:]*$/u, "") || "module";
}

/** The sockets that a container finds open, one for each TCP port it declares. */
function listenSocketsOf(
  pod: V1Pod,
  container: Pick<V1Container, "ports">,
  address: string | undefined,
): readonly ListenSocket[] {
  const sockets: ListenSocket[] = [];
  for (const port of container.ports ?? []) {
    if ((port.protocol ?? "TCP") !== "TCP") continue;
    sockets.push({ name: port.name ?? String(port.containerPort), binds: bindsOf(pod, port, address) });
  }
  return sockets;
}

function bindsOf(pod: V1Pod, port: V1ContainerPort, address: string | undefined): ListenSocket["binds"] {
  if (pod.spec?.hostNetwork === true || address === undefined) {
    return [{ address: port.hostIP ?? "0.0.0.0", port: port.hostPort ?? port.containerPort }];
  }
  const own = { address, port: port.containerPort };
  if (port.hostPort === undefined) return [own];
  return [own, { address: port.hostIP ?? "0.0.0.0", port: port.hostPort }];
}

/** How systemd's socket activation tells a program of its sockets. */
function listenEnvOf(listen: readonly ListenSocket[]): Record<string, string> {
  return { LISTEN_FDS: String(listen.length), LISTEN_FDNAMES: listen.map(({ name }) => name).join(":") };
}

function imageEnvOf(image: WasmImage): Record<string, string> {
  const env: [string, string][] = [];
  for (const entry of image.config.env ?? []) {
    const equals = entry.indexOf("=");
    if (equals > 0) env.push([entry.slice(0, equals), entry.slice(equals + 1)]);
  }
  return Object.fromEntries(env);
}

function isolatedOf(pod: V1Pod, resources: ContainerResources): boolean {
  const annotation = pod.metadata?.annotations?.[ISOLATED_ANNOTATION];
  return annotation === "true" || (resources.cpuRequestMillis ?? 0) >= ISOLATED_FROM_CPU_MILLIS;
}
