/**
 * A Kubernetes node as the API server sees it: its object, conditions, Lease, heartbeat and certificates. Deciders are
 * pure; what talks to the API server does so through an injected {@link NodeClient}.
 *
 * @example
 * ```ts
 * import { buildNode, measureMachine, nodeConditionsOf } from "@krustlet/node";
 *
 * const machine = await measureMachine({ rootDirectory: "/var/lib" });
 * const node = buildNode({
 *   name: "edge-1",
 *   machine,
 *   addresses: ["192.0.2.10"],
 *   kubeletVersion: "v1.36.3",
 *   runtimeVersion: "krustlet://0.1.0",
 *   reserved: [{ memory: "100Mi" }],
 * });
 * const calm = { memoryPressure: false, diskPressure: false, pidPressure: false };
 * const facts = { ...calm, errors: [], capacity: node.status?.capacity ?? {} };
 * nodeConditionsOf(facts, [], new Date()).at(-1)?.reason; // "KubeletReady"
 * ```
 *
 * @packageDocumentation
 */
export type { AddressReader, InterfaceAddress } from "./address-reader.ts";
export { bootstrapNode } from "./bootstrap-node.ts";
export type { BootstrapOptions, OpenedClient } from "./bootstrap-node.ts";
export { BOOTSTRAP_GROUP, buildBootstrapBindings, buildBootstrapSecret } from "./bootstrap-objects.ts";
export type { BootstrapToken } from "./bootstrap-objects.ts";
export { buildCertificateRequest } from "./build-certificate-request.ts";
export type { CertificateRequestInit, CertificateUse } from "./build-certificate-request.ts";
export { buildNode } from "./build-node.ts";
export type { NodeInit } from "./build-node.ts";
export { createBootstrapToken } from "./create-bootstrap-token.ts";
export type { BootstrapBinding, BootstrapClient, CreatedToken } from "./create-bootstrap-token.ts";
export { discoverAddresses } from "./discover-addresses.ts";
export type { DiscoveredAddresses, DiscoverOptions } from "./discover-addresses.ts";
export type { DoerOptions } from "./doer-options.ts";
export { keepCertificate } from "./keep-certificate.ts";
export type { KeepCertificateOptions, NodeCertificate } from "./keep-certificate-options.ts";
export { keepLease } from "./keep-lease.ts";
export type { LeaseOptions } from "./keep-lease.ts";
export type { FileSystemSize, MachineReader } from "./machine-reader.ts";
export { measureMachine } from "./measure-machine.ts";
export type { Machine, MeasureOptions } from "./measure-machine.ts";
export { apiStatusOf } from "./node-client.ts";
export type { NodeClient } from "./node-client.ts";
export { nodeConditionsOf } from "./node-conditions.ts";
export type { NodeFacts } from "./node-conditions.ts";
export { cordonEventOf, nodeEventsOf } from "./node-events.ts";
export type { NodeEvent, NodeEventsOptions } from "./node-events.ts";
export type { NodeImage } from "./node-images.ts";
export { loadCertificate, loadOrCreateKey, storeCertificate } from "./node-key.ts";
export type { StoredCertificate } from "./node-key.ts";
export { planNodeLabels } from "./node-labels.ts";
export type { PlannedLabels, RefusedLabel } from "./node-labels.ts";
export { hostnameOf, nodeNameOf } from "./node-names.ts";
export { allocatableOf } from "./node-resources.ts";
export type { ResourceAmounts } from "./node-resources.ts";
export { DEFAULT_TAINTS, parseTaints } from "./node-taints.ts";
export { planCertificateRotation } from "./plan-certificate-rotation.ts";
export { LEASE_NAMESPACE, planLease } from "./plan-lease.ts";
export type { LeaseOwner } from "./plan-lease.ts";
export { planNodeUpdate } from "./plan-node-update.ts";
export type { NodePatch, NodeStatusPatch, NodeUpdateOptions } from "./plan-node-update.ts";
export { planStatusReport } from "./plan-status-report.ts";
export type { LastReport, StatusReport } from "./plan-status-report.ts";
export { registerNode } from "./register-node.ts";
export type { RegisteredNode } from "./register-node.ts";
export { reportNodeStatus } from "./report-node-status.ts";
export type { PostedReport, ReportOptions } from "./report-node-status.ts";
export { requestCertificate } from "./request-certificate.ts";
export type { IssuedCertificate } from "./issued-certificate.ts";
export type { RequestCertificateOptions } from "./request-certificate.ts";
export { buildKubeconfig, readKubeconfigParts } from "./kubeconfig-parts.ts";
export type { KubeconfigParts } from "./kubeconfig-parts.ts";
export { writePrivateFile } from "./write-private-file.ts";
