import { CONTAINER_FIELDS, nonRoot } from "./container-fields.ts";
import { ignored, ignoredLoudly, onNode, refused, supported, supportedAs } from "./field-support.ts";
import type { FieldSupport, FieldTable } from "./field-support.ts";
import { VOLUME_FIELDS } from "./volume-fields.ts";

const bookkeeping = ignored("the API server's own bookkeeping");
const scheduling = onNode(
  ignored("there is one node, and nothing to choose"),
  ignored("read by the scheduler and the API server"),
);
const checked = (node: string): FieldSupport => onNode(scheduling, supportedAs(node));
const appArmor = onNode(
  ignored("a WebAssembly guest makes no system calls"),
  supportedAs("`Localhost` is refused (`AppArmor`); a guest is held to more than the other profiles ask"),
);
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
    '`krustlet.dev/isolated: "true"` gives each container a thread of its own; `krustlet.dev/allowed-domains` and `krustlet.dev/max-concurrent-requests` (or Krustlet\'s `alpha.wasi.krustlet.dev/…`) let them send requests by `wasi_experimental_http`',
  ),
  "metadata.creationTimestamp": bookkeeping,
  "metadata.deletionGracePeriodSeconds": onNode(bookkeeping, supported),
  "metadata.deletionTimestamp": onNode(bookkeeping, supportedAs("the Pod stops")),
  "metadata.finalizers": bookkeeping,
  "metadata.generateName": onNode(
    ignored("names are made up by the API server only; `metadata.name` is required"),
    bookkeeping,
  ),
  "metadata.generation": onNode(bookkeeping, supportedAs("told as `observedGeneration`")),
  "metadata.labels": supported,
  "metadata.managedFields": bookkeeping,
  "metadata.name": supported,
  "metadata.namespace": supported,
  "metadata.ownerReferences": bookkeeping,
  "metadata.resourceVersion": bookkeeping,
  "metadata.selfLink": bookkeeping,
  "metadata.uid": supported,
  "spec.activeDeadlineSeconds": supported,
  "spec.affinity": checked("what `nodeAffinity` requires is checked; the rest is the scheduler's"),
  "spec.automountServiceAccountToken": onNode(
    ignored("no token is mounted unless a projected volume asks for one"),
    ignored("the API server adds the volume"),
  ),
  ...beneath("spec.containers[]", CONTAINER_FIELDS),
  "spec.dnsConfig": ignoredLoudly("names are resolved as the host resolves them"),
  "spec.dnsPolicy": ignored("names are resolved as the host resolves them"),
  "spec.enableServiceLinks": onNode(ignored("there are no Services"), supported),
  "spec.ephemeralContainers": onNode(
    refused("ephemeral containers are not supported"),
    ignoredLoudly("ephemeral containers are not started; their status says so"),
  ),
  "spec.hostAliases": ignoredLoudly("names are resolved as the host resolves them"),
  "spec.hostIPC": namespaces,
  "spec.hostNetwork": supportedAs("ports are bound to the addresses of the host"),
  "spec.hostPID": namespaces,
  "spec.hostUsers": ignored("a WebAssembly guest has no user"),
  "spec.hostname": supportedAs("given as the environment variable `HOSTNAME`"),
  "spec.hostnameOverride": hostName,
  "spec.imagePullSecrets": supported,
  ...beneath("spec.initContainers[]", CONTAINER_FIELDS),
  "spec.nodeName": onNode(
    supportedAs("given to the downward API; nothing is scheduled by it"),
    supportedAs("must be this node (`NodeName`)"),
  ),
  "spec.nodeSelector": checked("must match the node's labels (`NodeAffinity`)"),
  "spec.os": onNode(
    ignored("a guest's operating system is WASI"),
    supportedAs("`linux`, which is the node's label; any other is refused (`PodOSNotSupported`)"),
  ),
  "spec.overhead": checked("counted with the requests"),
  "spec.preemptionPolicy": scheduling,
  "spec.priority": checked("a system priority is admitted under pressure"),
  "spec.priorityClassName": scheduling,
  "spec.readinessGates": onNode(ignoredLoudly("nothing sets the conditions that they wait for"), supported),
  "spec.resourceClaims": refused("dynamic resource allocation is not supported"),
  "spec.resources": onNode(
    ignoredLoudly("limits of the whole Pod are not enforced; those of its containers are"),
    ignoredLoudly("its requests count for admission; its limits are not enforced, those of containers are"),
  ),
  "spec.restartPolicy": supported,
  "spec.runtimeClassName": onNode(
    supportedAs("`wasi` or `wasmer`"),
    supportedAs(
      "a RuntimeClass whose handler is `wasi` or `wasmer`; pods of another wait, and an Event says why",
    ),
  ),
  "spec.schedulerName": scheduling,
  "spec.schedulingGates": onNode(
    refused("nothing would ever open the gates that the Pod waits for"),
    ignored("a Pod with gates is bound to no node"),
  ),
  "spec.schedulingGroup": scheduling,
  "spec.securityContext": ignored("a WebAssembly guest has no user and makes no system calls"),
  "spec.securityContext.appArmorProfile": appArmor,
  "spec.securityContext.runAsNonRoot": nonRoot,
  "spec.securityContext.supplementalGroupsPolicy": onNode(
    ignored("a WebAssembly guest has no groups"),
    supportedAs("`Merge`; `Strict` is refused (`SupplementalGroupsPolicyNotSupported`)"),
  ),
  "spec.securityContext.sysctls": onNode(
    ignoredLoudly("a WebAssembly guest has no kernel of its own to set"),
    ignoredLoudly(
      "a guest has no kernel of its own to set; one that is not safe is refused (`SysctlForbidden`)",
    ),
  ),
  "spec.serviceAccount": ignored("an old name of `serviceAccountName`"),
  "spec.serviceAccountName": supportedAs("given to the downward API and to the source of tokens"),
  "spec.setHostnameAsFQDN": hostName,
  "spec.shareProcessNamespace": namespaces,
  "spec.subdomain": hostName,
  "spec.terminationGracePeriodSeconds": supported,
  "spec.tolerations": checked("`NoExecute` taints are checked (`TaintToleration`)"),
  "spec.topologySpreadConstraints": scheduling,
  ...beneath("spec.volumes[]", VOLUME_FIELDS),
  status: onNode(bookkeeping, supportedAs("written; of another's, readiness gates and `startTime` are read")),
};

function beneath(prefix: string, table: FieldTable): FieldTable {
  return Object.fromEntries(
    Object.entries(table).map(([path, support]): [string, FieldSupport] => [`${prefix}.${path}`, support]),
  );
}
