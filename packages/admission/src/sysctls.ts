import type { AdmissionPod, Rejection } from "./pod.ts";

/** Those that a pod may set without harm to others, on kernels of 4.15 and newer. */
const SAFE = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
];

/**
 * What forbids the pod's sysctls, the first of them. `unsafe` are those that the node's owner allows beside the safe
 * ones; one that ends in `*` stands for all that begin so.
 */
export function forbiddenSysctlOf(pod: AdmissionPod, unsafe: readonly string[]): Rejection | undefined {
  for (const { name } of pod.spec?.securityContext?.sysctls ?? []) {
    const why = whyForbidden(name, pod, [...SAFE, ...unsafe]);
    if (why !== undefined) {
      return {
        reason: "SysctlForbidden",
        message: `forbidden sysctl: ${JSON.stringify(dotted(name))} ${why}`,
      };
    }
  }
  return undefined;
}

function whyForbidden(name: string, { spec }: AdmissionPod, allowed: readonly string[]): string | undefined {
  const plain = dotted(name);
  const found = allowed.map(dotted).some((pattern) => {
    const star = pattern.indexOf("*");
    return star === -1 ? pattern === plain : plain.startsWith(pattern.slice(0, star));
  });
  if (!found) return "not allowlisted";
  const isNet = plain.startsWith("net.");
  if (isNet && spec?.hostNetwork === true) return "not allowed with host Net enabled";
  if (!isNet && spec?.hostIPC === true) return "not allowed with host IPC enabled";
  return undefined;
}

/** Slashes may separate the parts of a name; then its dots are dots within a part. */
function dotted(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== "/") return name;
  return name.replaceAll(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}
