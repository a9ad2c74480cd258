/**
 * The HTTPS API of a kubelet: what `kubectl logs`, the API server and whoever watches over a node ask it.
 *
 * @example
 * ```ts
 * import { startKubeletApi } from "@krustlet/kubelet-api";
 *
 * await using api = await startKubeletApi({
 *   address: "0.0.0.0",
 *   port: 10250,
 *   nodeName: "edge-1",
 *   tls: () => servingTls,
 *   clock,
 *   pods,
 *   authentication: { reviewToken },
 *   authorization: { mode: "Webhook", reviewAccess },
 *   healthChecks: { log: () => undefined, syncloop: () => undefined },
 *   configz: () => configuration,
 * });
 * ```
 *
 * @packageDocumentation
 */
export type { UserInfo } from "./auth/user-info.ts";
export type { HealthCheck, HealthChecks } from "./health/health-checks.ts";
export type { HealthzInit } from "./health/serve-healthz.ts";
export { startHealthz } from "./health/start-healthz.ts";
export type { HealthzServer, HealthzServerInit } from "./health/start-healthz.ts";
export type {
  AccessAttributes,
  AuthenticationInit,
  AuthorizationInit,
  ContainerLog,
  KubeletApiInit,
  PodReader,
  ServerLimits,
  ServingTls,
} from "./kubelet-api-init.ts";
export type { MetricFamily, Sample } from "./metrics/exposition.ts";
export type { CertificateDates } from "./metrics/certificate-metrics.ts";
export { createKubeletMetrics } from "./metrics/kubelet-metrics.ts";
export type { KubeletMetrics, KubeletMetricsInit } from "./metrics/kubelet-metrics.ts";
export type { PodStep } from "./metrics/pod-start.ts";
export { startKubeletApi } from "./start-kubelet-api.ts";
export type { KubeletApi } from "./start-kubelet-api.ts";
export type { ContainerUsageSample } from "./stats/usage-snapshot.ts";
