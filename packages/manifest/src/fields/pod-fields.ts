import { CONTAINER_FIELDS } from "./container-fields.ts";
import { ignored, ignoredLoudly, refused, supported, supportedAs } from "./field-support.ts";
import type { FieldSupport, FieldTable } from "./field-support.ts";
import { VOLUME_FIELDS } from "./volume-fields.ts";

const bookkeeping = ignored("the API server's own bookkeeping");
const scheduling = ignored("there is one node, and nothing to choose");
const namespaces = ignored("a WebAssembly guest sees no processes and no host but its mounts and sockets");
const hostName = ignored("WASI has no call for the name of the host");

/**
 * Every field of the Pod API, and what Krustlet does with it. An entry holds for all fields beneath it that have
 * none of their own; `[]` stands for any index. A field that is false, empty or null is never refused, because it
 * asks for nothing. docs/supported.md is this table.
 */
export const POD_FIELDS: FieldTable = {
  apiVersion: supported,
  kind: supported,
  "metadata.annotations": supportedAs(
    '`krustlet.dev/isolated: "true"` gives each container a thread of its own',
  ),
  "metadata.creationTimestamp": bookkeeping,
  "metadata.deletionGracePeriodSeconds": bookkeeping,
  "metadata.deletionTimestamp": bookkeeping,
  "metadata.finalizers": bookkeeping,
  "metadata.generateName": ignored("names are made up by the API server only; `metadata.name` is required"),
  "metadata.generation": bookkeeping,
  "metadata.labels": supported,
  "metadata.managedFields": bookkeeping,
  "metadata.name": supported,
  "metadata.namespace": supported,
  "metadata.ownerReferences": bookkeeping,
  "metadata.resourceVersion": bookkeeping,
  "metadata.selfLink": bookkeeping,
  "metadata.uid": supported,
  "spec.activeDeadlineSeconds": supported,
  "spec.affinity": scheduling,
  "spec.automountServiceAccountToken": ignored("no token is mounted unless a projected volume asks for one"),
  ...beneath("spec.containers[]", CONTAINER_FIELDS),
  "spec.dnsConfig": ignoredLoudly("names are resolved as the host resolves them"),
  "spec.dnsPolicy": ignored("names are resolved as the host resolves them"),
  "spec.enableServiceLinks": ignored("there are no Services"),
  "spec.ephemeralContainers": refused("ephemeral containers are not supported"),
  "spec.hostAliases": ignoredLoudly("names are resolved as the host resolves them"),
  "spec.hostIPC": namespaces,
  "spec.hostNetwork": supportedAs("ports are bound to the addresses of the host"),
  "spec.hostPID": namespaces,
  "spec.hostUsers": ignored("a WebAssembly guest has no user"),
  "spec.hostname": supportedAs("given as the environment variable `HOSTNAME`"),
  "spec.hostnameOverride": hostName,
  "spec.imagePullSecrets": supported,
  ...beneath("spec.initContainers[]", CONTAINER_FIELDS),
  "spec.nodeName": supportedAs("given to the downward API; nothing is scheduled by it"),
  "spec.nodeSelector": scheduling,
  "spec.os": ignored("a guest's operating system is WASI; `windows` is refused"),
  "spec.overhead": scheduling,
  "spec.preemptionPolicy": scheduling,
  "spec.priority": scheduling,
  "spec.priorityClassName": scheduling,
  "spec.readinessGates": ignoredLoudly("nothing sets the conditions that they wait for"),
  "spec.resourceClaims": refused("dynamic resource allocation is not supported"),
  "spec.resources": ignoredLoudly("limits of the whole Pod are not enforced; those of its containers are"),
  "spec.restartPolicy": supported,
  "spec.runtimeClassName": supportedAs("`wasi` or `wasmer`"),
  "spec.schedulerName": scheduling,
  "spec.schedulingGates": refused("nothing would ever open the gates that the Pod waits for"),
  "spec.schedulingGroup": scheduling,
  "spec.securityContext": ignored("a WebAssembly guest has no user and makes no system calls"),
  "spec.securityContext.sysctls": ignoredLoudly("a WebAssembly guest has no kernel of its own to set"),
  "spec.serviceAccount": ignored("an old name of `serviceAccountName`"),
  "spec.serviceAccountName": supportedAs("given to the downward API and to the source of tokens"),
  "spec.setHostnameAsFQDN": hostName,
  "spec.shareProcessNamespace": namespaces,
  "spec.subdomain": hostName,
  "spec.terminationGracePeriodSeconds": supported,
  "spec.tolerations": scheduling,
  "spec.topologySpreadConstraints": scheduling,
  ...beneath("spec.volumes[]", VOLUME_FIELDS),
  status: bookkeeping,
};

function beneath(prefix: string, table: FieldTable): FieldTable {
  return Object.fromEntries(
    Object.entries(table).map(([path, support]): [string, FieldSupport] => [`${prefix}.${path}`, support]),
  );
}
