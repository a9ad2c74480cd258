import type { AdmissionContainer, AdmissionNode, AdmissionPod, ResourceAmounts } from "../src/index.ts";

type Spec = NonNullable<AdmissionPod["spec"]>;
type Metadata = NonNullable<AdmissionPod["metadata"]>;

/** A Pod named `web` with one container, and whatever else its spec is to have. */
export function podOf(spec: Partial<Spec> = {}, metadata: Metadata = {}): AdmissionPod {
  return {
    metadata: { namespace: "shop", name: "web", uid: "u-web", ...metadata },
    spec: { containers: [containerOf()], ...spec },
  };
}

/** A container that requests these amounts. */
export function containerOf(
  requests: ResourceAmounts = {},
  more: Partial<AdmissionContainer> = {},
): AdmissionContainer {
  return { name: "main", resources: { requests }, ...more };
}

/** A Pod that is already there and requests these amounts. */
export function otherPod(uid: string, requests: ResourceAmounts = {}): AdmissionPod {
  return podOf({ containers: [containerOf(requests)] }, { uid, name: uid });
}

/** A node with four cores, 1 GiB of memory, and whatever else. */
export function nodeOf(more: AdmissionNode = {}): AdmissionNode {
  const labels = { "kubernetes.io/os": "linux", "kubernetes.io/arch": "wasm32-wasi" };
  return {
    metadata: { name: "n1", labels: { ...labels, ...more.metadata?.labels } },
    spec: more.spec,
    status: {
      ...more.status,
      allocatable: { cpu: "4", memory: "1Gi", pods: "110", ...more.status?.allocatable },
    },
  };
}
