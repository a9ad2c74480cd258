import type { AdmissionNode, AdmissionPod, SelectorRequirement, SelectorTerm } from "./pod.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether the node is one that `nodeSelector` and the required node affinity of the pod allow. */
export function matchesNodeAffinity(pod: AdmissionPod, node: AdmissionNode): boolean {
  const labels = node.metadata?.labels ?? {};
  const selected = Object.entries(pod.spec?.nodeSelector ?? {}).every(
    ([key, value]) => labelOf(labels, key) === value,
  );
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!selected || !required) return selected;
  return matchesNodeTerms(required.nodeSelectorTerms ?? [], node);
}

/** Whether the node is one that any of `terms` allows; none of them allow no node. */
export function matchesNodeTerms(terms: readonly SelectorTerm[], node: AdmissionNode): boolean {
  return terms.some((term) => matchesTerm(term, node.metadata?.labels ?? {}, node.metadata?.name));
}

/** A term without any requirement matches nothing, and neither does one with a requirement that makes no sense. */
function matchesTerm(term: SelectorTerm, labels: Labels, name: string | undefined): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  if (![...expressions.map(isSound), ...fields.map(isSoundField)].every(Boolean)) return false;
  return (
    expressions.every((each) => matchesLabel(each, labels)) &&
    (name === undefined || fields.every((each) => matchesField(each, name)))
  );
}

function isSound({ operator, values = [] }: SelectorRequirement): boolean {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0;
    case "Exists":
    case "DoesNotExist":
      return values.length === 0;
    case "Gt":
    case "Lt":
      return values.length === 1 && integerOf(values[0]) !== undefined;
    default:
      return false;
  }
}

function isSoundField({ operator, values = [] }: SelectorRequirement): boolean {
  return (operator === "In" || operator === "NotIn") && values.length === 1;
}

function matchesLabel({ key, operator, values = [] }: SelectorRequirement, labels: Labels): boolean {
  const label = labelOf(labels, key);
  switch (operator) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return label === undefined || !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    default: {
      const [amount, bound] = [integerOf(label), integerOf(values[0])];
      if (amount === undefined || bound === undefined) return false;
      return operator === "Gt" ? amount > bound : amount < bound;
    }
  }
}

function matchesField({ key, operator, values = [] }: SelectorRequirement, name: string): boolean {
  const value = key === "metadata.name" ? name : "";
  return (value === values[0]) === (operator === "In");
}

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** A 64-bit integer, as labels and taints are compared by. */
export function integerOf(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
