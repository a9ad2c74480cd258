import { isLabelValue, isQualifiedName } from "./label-syntax.ts";

/** Labels that the node sets itself; nobody's configuration overrides them. */
const MANAGED: ReadonlySet<string> = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
]);

/** The labels of Kubernetes' own that a node may give itself besides (`k8s.io/kubelet/pkg/apis`). */
const ALLOWED: ReadonlySet<string> = new Set([
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
  "beta.kubernetes.io/instance-type",
]);

/** A label of the user's that the node leaves out. */
export interface RefusedLabel {
  readonly key: string;
  /** A sentence that says why. */
  readonly reason: string;
}

/** What became of the labels that a user asked for. */
export interface PlannedLabels {
  readonly labels: Readonly<Record<string, string>>;
  readonly refused: readonly RefusedLabel[];
}

/**
 * Pure: which of a user's labels a node may carry. One label that the admission plugin NodeRestriction forbids would
 * make the API server refuse the whole Node, so such a label is left out, and told.
 */
export function planNodeLabels(asked: Readonly<Record<string, string>>): PlannedLabels {
  const labels: Record<string, string> = {};
  const refused: RefusedLabel[] = [];
  for (const [key, value] of Object.entries(asked)) {
    const reason = refusalOf(key, value);
    if (reason === undefined) labels[key] = value;
    else refused.push({ key, reason });
  }
  return { labels, refused };
}

function refusalOf(key: string, value: string): string | undefined {
  if (!isQualifiedName(key)) return `the label ${JSON.stringify(key)} is no valid key`;
  if (!isLabelValue(value)) return `the label ${key} has the invalid value ${JSON.stringify(value)}`;
  if (MANAGED.has(key)) return `the label ${key} is set by the node itself`;
  const prefix = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
  if (isWithin(prefix, "node-restriction.kubernetes.io")) {
    return `the label ${key} is reserved for administrators: NodeRestriction keeps nodes from setting it`;
  }
  const ofKubernetes = isWithin(prefix, "kubernetes.io") || isWithin(prefix, "k8s.io");
  if (!ofKubernetes || ALLOWED.has(key)) return undefined;
  if (isWithin(prefix, "kubelet.kubernetes.io") || isWithin(prefix, "node.kubernetes.io")) return undefined;
  return `the label ${key} is in a namespace of Kubernetes: NodeRestriction keeps nodes from setting it`;
}

/** Whether a label's prefix is `namespace` or ends in it. */
function isWithin(prefix: string, namespace: string): boolean {
  return prefix === namespace || prefix.endsWith(`.${namespace}`);
}
