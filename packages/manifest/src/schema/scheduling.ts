import type { SchemaTypes } from "./types.ts";

/** What a scheduler reads. */
export const SCHEDULING_TYPES: SchemaTypes = {
  Affinity: {
    nodeAffinity: "NodeAffinity",
    podAffinity: "PodAffinity",
    podAntiAffinity: "PodAntiAffinity",
  },
  LabelSelector: {
    matchExpressions: "LabelSelectorRequirement[]",
    matchLabels: "string{}",
  },
  LabelSelectorRequirement: {
    key: "string!",
    operator: "string!",
    values: "string[]",
  },
  NodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: "PreferredSchedulingTerm[]",
    requiredDuringSchedulingIgnoredDuringExecution: "NodeSelector",
  },
  NodeSelector: {
    nodeSelectorTerms: "NodeSelectorTerm[]!",
  },
  NodeSelectorRequirement: {
    key: "string!",
    operator: "string!",
    values: "string[]",
  },
  NodeSelectorTerm: {
    matchExpressions: "NodeSelectorRequirement[]",
    matchFields: "NodeSelectorRequirement[]",
  },
  PodAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: "WeightedPodAffinityTerm[]",
    requiredDuringSchedulingIgnoredDuringExecution: "PodAffinityTerm[]",
  },
  PodAffinityTerm: {
    labelSelector: "LabelSelector",
    matchLabelKeys: "string[]",
    mismatchLabelKeys: "string[]",
    namespaceSelector: "LabelSelector",
    namespaces: "string[]",
    topologyKey: "string!",
  },
  PodAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: "WeightedPodAffinityTerm[]",
    requiredDuringSchedulingIgnoredDuringExecution: "PodAffinityTerm[]",
  },
  PodReadinessGate: {
    conditionType: "string!",
  },
  PodSchedulingGate: {
    name: "string!",
  },
  PodSchedulingGroup: {
    podGroupName: "string",
  },
  PreferredSchedulingTerm: {
    preference: "NodeSelectorTerm!",
    weight: "int32!",
  },
  Toleration: {
    effect: "string",
    key: "string",
    operator: "string",
    tolerationSeconds: "int64",
    value: "string",
  },
  TopologySpreadConstraint: {
    labelSelector: "LabelSelector",
    matchLabelKeys: "string[]",
    maxSkew: "int32!",
    minDomains: "int32",
    nodeAffinityPolicy: "string",
    nodeTaintsPolicy: "string",
    topologyKey: "string!",
    whenUnsatisfiable: "string!",
  },
  WeightedPodAffinityTerm: {
    podAffinityTerm: "PodAffinityTerm!",
    weight: "int32!",
  },
};
