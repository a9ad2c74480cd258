import type { AdmissionContainer, AdmissionNode, AdmissionPod, Rejection } from "./pod.ts";

/** A pod for another operating system, or with a policy for groups that this node cannot keep. */
export function platformRejectionOf(pod: AdmissionPod, node: AdmissionNode): Rejection | undefined {
  const os = node.metadata?.labels?.["kubernetes.io/os"] ?? "linux";
  const label = pod.metadata?.labels?.["kubernetes.io/os"];
  if (label !== undefined && label !== os) {
    return {
      reason: "PodOSSelectorNodeLabelDoesNotMatch",
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    };
  }
  if (pod.spec?.os && pod.spec.os.name !== os) {
    return {
      reason: "PodOSNotSupported",
      message: "Failed to admit pod as the OS field doesn't match node OS",
    };
  }
  if (
    pod.spec?.securityContext?.supplementalGroupsPolicy === "Strict" &&
    node.status?.features?.supplementalGroupsPolicy !== true
  ) {
    return {
      reason: "SupplementalGroupsPolicyNotSupported",
      message: "SupplementalGroupsPolicy=Strict is not supported in this node",
    };
  }
  return undefined;
}

const APP_ARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";

/**
 * A pod that demands an AppArmor profile of the host's. The runtime's own default asks for no more than what a
 * WebAssembly guest is held to anyway.
 */
export function appArmorRejectionOf(pod: AdmissionPod): Rejection | undefined {
  const { spec, metadata } = pod;
  const profiles = [spec, ...containersOf(pod)].map((each) => each?.securityContext?.appArmorProfile?.type);
  const annotated = Object.entries(metadata?.annotations ?? {}).some(
    ([key, value]) => key.startsWith(APP_ARMOR_ANNOTATION) && value.startsWith("localhost/"),
  );
  if (!profiles.includes("Localhost") && !annotated) return undefined;
  return { reason: "AppArmor", message: "Cannot enforce AppArmor: AppArmor is not enabled on the host" };
}

/** A pod that needs features which the node does not declare in its status. */
export function undeclaredFeatureOf(pod: AdmissionPod, node: AdmissionNode): Rejection | undefined {
  const declared = node.status?.declaredFeatures ?? [];
  const missing = featuresNeededBy(pod).filter((feature) => !declared.includes(feature));
  if (missing.length === 0) return undefined;
  return {
    reason: "PodFeatureUnsupported",
    message: `Pod requires node features that are not available: ${missing.join(", ")}`,
  };
}

function featuresNeededBy(pod: AdmissionPod): readonly string[] {
  const restartsAll = containersOf(pod).some(({ restartPolicyRules }) =>
    (restartPolicyRules ?? []).some(({ action }) => action === "RestartAllContainers"),
  );
  const usersOnHostNetwork = pod.spec?.hostNetwork === true && pod.spec.hostUsers === false;
  return [
    ...(restartsAll ? ["RestartAllContainersOnContainerExits"] : []),
    ...(usersOnHostNetwork ? ["UserNamespacesHostNetworkSupport"] : []),
  ];
}

function containersOf({ spec }: AdmissionPod): readonly AdmissionContainer[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}
