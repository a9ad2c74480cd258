/** The interface of a default route. */
export interface DefaultRoute {
  readonly family: 4 | 6;
  readonly interface: string;
  readonly metric: number;
}

/**
 * Pure: the default routes in `/proc/net/route` and `/proc/net/ipv6_route`, those of IPv4 first, each family's by
 * metric. Lines that cannot be read are left out.
 */
export function parseDefaultRoutes(ipv4: string, ipv6: string): readonly DefaultRoute[] {
  const byMetric = (a: DefaultRoute, b: DefaultRoute): number => a.metric - b.metric;
  return [
    ...ipv4.split("\n").flatMap(routeOfIpv4).toSorted(byMetric),
    ...ipv6.split("\n").flatMap(routeOfIpv6).toSorted(byMetric),
  ];
}

/** `Iface Destination Gateway Flags RefCnt Use Metric Mask …`, numbers but the metric in hexadecimal. */
function routeOfIpv4(line: string): DefaultRoute[] {
  const fields = line.trim().split(/\s+/);
  const [name, destination, , , , , metric, mask] = fields;
  if (name === undefined || destination !== "00000000" || mask !== "00000000") return [];
  return [{ family: 4, interface: name, metric: Number(metric) || 0 }];
}

/** `destination length source length next-hop metric refcnt use flags device`, in hexadecimal. */
function routeOfIpv6(line: string): DefaultRoute[] {
  const [destination, length, , , gateway, metric, , , , name] = line.trim().split(/\s+/);
  const isDefault = /^0{32}$/.test(destination ?? "") && length === "00";
  // A default route without a gateway is the kernel's own, to nowhere.
  if (name === undefined || !isDefault || /^0{32}$/.test(gateway ?? "")) return [];
  return [{ family: 6, interface: name, metric: Number.parseInt(metric ?? "", 16) || 0 }];
}
