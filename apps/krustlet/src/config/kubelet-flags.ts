import { KrustletError } from "@krustlet/interface";

import { KUBELET_FIELDS } from "./kubelet-fields.ts";
import { KUBELET_SCHEMA } from "./kubelet-schema.ts";

/**
 * The kubelet's flags that are no settings here, and the fields of a KubeletConfiguration that they are: what becomes of
 * those becomes of them. They are taken so that the command line of a kubelet can be kept.
 */
export const OTHER_FLAGS: Readonly<Record<string, string>> = {
  "anonymous-auth": "authentication.anonymous.enabled",
  "authorization-mode": "authorization.mode",
  "cgroup-driver": "cgroupDriver",
  "cgroup-root": "cgroupRoot",
  "cgroups-per-qos": "cgroupsPerQOS",
  "cluster-dns": "clusterDNS",
  "cluster-domain": "clusterDomain",
  "container-runtime-endpoint": "containerRuntimeEndpoint",
  "cpu-cfs-quota": "cpuCFSQuota",
  "cpu-manager-policy": "cpuManagerPolicy",
  "enable-controller-attach-detach": "enableControllerAttachDetach",
  "enable-debugging-handlers": "enableDebuggingHandlers",
  "enforce-node-allocatable": "enforceNodeAllocatable",
  "fail-swap-on": "failSwapOn",
  "feature-gates": "featureGates",
  "file-check-frequency": "fileCheckFrequency",
  "hairpin-mode": "hairpinMode",
  "image-service-endpoint": "imageServiceEndpoint",
  "kube-api-content-type": "contentType",
  "kubelet-cgroups": "kubeletCgroups",
  "make-iptables-util-chains": "makeIPTablesUtilChains",
  "max-open-files": "maxOpenFiles",
  "memory-manager-policy": "memoryManagerPolicy",
  "node-status-max-images": "nodeStatusMaxImages",
  "oom-score-adj": "oomScoreAdj",
  "pod-cidr": "podCIDR",
  "pod-max-pids": "podPidsLimit",
  "protect-kernel-defaults": "protectKernelDefaults",
  "read-only-port": "readOnlyPort",
  "registry-burst": "registryBurst",
  "registry-qps": "registryPullQPS",
  "reserved-cpus": "reservedSystemCPUs",
  "resolv-conf": "resolvConf",
  "runtime-request-timeout": "runtimeRequestTimeout",
  "serialize-image-pulls": "serializeImagePulls",
  "streaming-connection-idle-timeout": "streamingConnectionIdleTimeout",
  "sync-frequency": "syncFrequency",
  "system-cgroups": "systemCgroups",
  "tls-cipher-suites": "tlsCipherSuites",
  "tls-min-version": "tlsMinVersion",
  "topology-manager-policy": "topologyManagerPolicy",
  "volume-plugin-dir": "volumePluginDir",
  "volume-stats-agg-period": "volumeStatsAggPeriod",
};

/** Whether such a flag is `true` where it stands bare. */
export function isSwitch(flag: string): boolean {
  const field = OTHER_FLAGS[flag] ?? "";
  return KUBELET_SCHEMA["KubeletConfiguration"]?.[field] === "boolean" || field.endsWith(".enabled");
}

/**
 * Pure: what the author of a command line should know of its flags that are not read, a sentence each.
 * @throws KrustletError `InvalidUsage` for one that cannot be honoured, with the reason.
 */
export function warningsOfOtherFlags(flags: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(OTHER_FLAGS).flatMap(([flag, field]) => {
    const text = flags[flag];
    const support = KUBELET_FIELDS[field];
    if (text === undefined || support === undefined || support.support === "supported") return [];
    if (support.support === "ignored") return [`--${flag} is ignored: ${support.why}`];
    const harmless = ["", "0", "false", ...(support.unless ?? []).map(String)];
    if (harmless.includes(text)) return [];
    throw new KrustletError("InvalidUsage", `--${flag} ${JSON.stringify(text)}: ${support.why}`);
  });
}
