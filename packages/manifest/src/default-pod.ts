import { pullPolicyOf } from "@krustlet/pod-machine";
import type {
  V1Container,
  V1EnvVar,
  V1Pod,
  V1PodSpec,
  V1Probe,
  V1ProjectedVolumeSource,
  V1Volume,
} from "@kubernetes/client-node";

import { withFields } from "./with-fields.ts";

const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/**
 * `pod` with the defaults that the API server would have set (`pkg/apis/core/v1/defaults.go`); what is set stays.
 * The Pod that is given is not changed.
 */
export function defaultPod(pod: V1Pod): V1Pod {
  const defaulted = withFields(pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: withFields(pod.metadata, { namespace: pod.metadata?.namespace ?? "default" }),
  });
  if (pod.spec !== undefined) defaulted.spec = defaultSpec(pod.spec);
  return defaulted;
}

function defaultSpec(spec: V1PodSpec): V1PodSpec {
  const serviceAccount = spec.serviceAccountName ?? spec.serviceAccount ?? "default";
  const container = (each: V1Container): V1Container => defaultContainer(each, spec.hostNetwork ?? false);
  const defaulted = withFields(spec, {
    restartPolicy: spec.restartPolicy ?? "Always",
    dnsPolicy: spec.dnsPolicy ?? "ClusterFirst",
    enableServiceLinks: spec.enableServiceLinks ?? true,
    schedulerName: spec.schedulerName ?? "default-scheduler",
    securityContext: spec.securityContext ?? {},
    serviceAccount,
    serviceAccountName: serviceAccount,
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    containers: spec.containers.map(container),
  });
  if (spec.initContainers !== undefined) defaulted.initContainers = spec.initContainers.map(container);
  if (spec.volumes !== undefined) defaulted.volumes = spec.volumes.map(defaultVolume);
  return defaulted;
}

function defaultContainer(container: V1Container, hostNetwork: boolean): V1Container {
  const { env, ports, resources } = container;
  const defaulted = withFields(container, {
    imagePullPolicy: container.imagePullPolicy ?? pullPolicyOf(undefined, container.image ?? ""),
    resources: withFields(resources),
    terminationMessagePath: container.terminationMessagePath ?? "/dev/termination-log",
    terminationMessagePolicy: container.terminationMessagePolicy ?? "File",
  });
  // A request that is not set is what the limit is.
  if (resources?.limits !== undefined) {
    defaulted.resources = withFields(resources, { requests: { ...resources.limits, ...resources.requests } });
  }
  if (ports !== undefined) {
    defaulted.ports = ports.map((port) => {
      const { protocol = "TCP", hostPort = port.containerPort } = port;
      return withFields(port, hostNetwork ? { protocol, hostPort } : { protocol });
    });
  }
  if (env !== undefined) defaulted.env = env.map(defaultVariable);
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const set = container[probe];
    if (set !== undefined) defaulted[probe] = defaultProbe(set);
  }
  return defaulted;
}

function defaultVariable(entry: V1EnvVar): V1EnvVar {
  const ref = entry.valueFrom?.fieldRef;
  if (ref === undefined) return entry;
  const fieldRef = withFields(ref, { apiVersion: ref.apiVersion ?? "v1" });
  return withFields(entry, { valueFrom: withFields(entry.valueFrom, { fieldRef }) });
}

function defaultProbe(probe: V1Probe): V1Probe {
  const { httpGet } = probe;
  const defaulted = withFields(probe, {
    failureThreshold: probe.failureThreshold ?? 3,
    periodSeconds: probe.periodSeconds ?? 10,
    successThreshold: probe.successThreshold ?? 1,
    timeoutSeconds: probe.timeoutSeconds ?? 1,
  });
  if (httpGet !== undefined) {
    const { path = "/", scheme = "HTTP" } = httpGet;
    defaulted.httpGet = withFields(httpGet, { path, scheme });
  }
  return defaulted;
}

function defaultVolume(volume: V1Volume): V1Volume {
  const { configMap, secret, downwardAPI, projected, hostPath } = volume;
  const sources = Object.entries(volume).filter(([name, value]) => name !== "name" && value !== undefined);
  const defaulted = withFields(volume, sources.length === 0 ? { emptyDir: {} } : {});
  const mode = (source: { defaultMode?: number }): { defaultMode: number } => ({
    defaultMode: source.defaultMode ?? FILE_MODE,
  });
  if (configMap !== undefined) defaulted.configMap = withFields(configMap, mode(configMap));
  if (secret !== undefined) defaulted.secret = withFields(secret, mode(secret));
  if (downwardAPI !== undefined) defaulted.downwardAPI = withFields(downwardAPI, mode(downwardAPI));
  if (projected !== undefined) {
    defaulted.projected = withFields(defaultTokens(projected), mode(projected));
  }
  if (hostPath !== undefined) defaulted.hostPath = withFields(hostPath, { type: hostPath.type ?? "" });
  return defaulted;
}

function defaultTokens(projected: V1ProjectedVolumeSource): V1ProjectedVolumeSource {
  const sources = projected.sources?.map((source) => {
    const token = source.serviceAccountToken;
    if (token === undefined) return source;
    const expirationSeconds = token.expirationSeconds ?? TOKEN_SECONDS;
    return withFields(source, { serviceAccountToken: withFields(token, { expirationSeconds }) });
  });
  return sources === undefined ? projected : withFields(projected, { sources });
}
