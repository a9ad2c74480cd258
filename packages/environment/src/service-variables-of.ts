import type { EnvironmentPod } from "./pod.ts";

/** What of a Service its variables are made from; a `V1Service` is one. */
export interface ServiceLike {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
  };
}

/** The one Service whose variables every pod gets: it leads to the API server. */
const API_SERVER = { namespace: "default", name: "kubernetes" };

/**
 * The variables by which a pod's containers find the Services of its namespace (`<NAME>_SERVICE_HOST`,
 * `<NAME>_SERVICE_PORT` …), and the API server (`KUBERNETES_…`). A pod with `enableServiceLinks: false` gets only
 * the latter. Services without an address in the cluster (headless ones, `ExternalName`) have none.
 */
export function serviceVariablesOf(
  pod: EnvironmentPod,
  services: Iterable<ServiceLike>,
): Readonly<Record<string, string>> {
  const namespace = pod.metadata?.namespace ?? "default";
  const links = pod.spec?.enableServiceLinks !== false;
  const linked = new Map<string, ServiceLike>();
  for (const service of services) {
    const { name = "", namespace: home = "default" } = service.metadata ?? {};
    const isOwn = links && home === namespace;
    const isApiServer = home === API_SERVER.namespace && name === API_SERVER.name;
    if (!hasAddress(service) || !(isOwn || isApiServer)) continue;
    // A namespace may have a Service `kubernetes` of its own; that is then the one its pods mean.
    if (isOwn || !linked.has(name)) linked.set(name, service);
  }
  // By name, so that where two Services want the same variable it does not depend on which came first.
  const byName = [...linked].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(byName.flatMap(([name, service]) => variablesOf(name, service)));
}

function hasAddress({ spec }: ServiceLike): boolean {
  return spec?.type !== "ExternalName" && Boolean(spec?.clusterIP) && spec?.clusterIP !== "None";
}

function variablesOf(service: string, { spec }: ServiceLike): readonly (readonly [string, string])[] {
  const prefix = variableName(service);
  const address = spec?.clusterIP ?? "";
  const host = address.includes(":") ? `[${address}]` : address;
  const ports = (spec?.ports ?? []).map(({ name, port, protocol = "TCP" }) => {
    const scheme = protocol.toLowerCase();
    const own = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    const url = `${scheme}://${host}:${port}`;
    const link: readonly (readonly [string, string])[] = [
      [own, url],
      [`${own}_PROTO`, scheme],
      [`${own}_PORT`, String(port)],
      [`${own}_ADDR`, address],
    ];
    return { name, port: String(port), url, link };
  });
  const [first] = ports;
  return [
    [`${prefix}_SERVICE_HOST`, address],
    ...(first ? [[`${prefix}_SERVICE_PORT`, first.port] as const] : []),
    ...ports.flatMap(({ name, port }) =>
      name ? [[`${prefix}_SERVICE_PORT_${variableName(name)}`, port] as const] : [],
    ),
    ...(first ? [[`${prefix}_PORT`, first.url] as const] : []),
    ...ports.flatMap(({ link }) => link),
  ];
}

function variableName(name: string): string {
  return name.replaceAll("-", "_").toUpperCase();
}
