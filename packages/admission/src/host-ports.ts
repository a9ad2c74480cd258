import type { AdmissionPod, HostPort } from "./pod.ts";

const EVERY_ADDRESS = "0.0.0.0";

/** Whether a port of the node that the pod wants is taken: same number, same protocol, an address in common. */
export function hasPortConflict(pod: AdmissionPod, others: readonly AdmissionPod[]): boolean {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return false;
  const taken = others.flatMap(hostPortsOf);
  return wanted.some((port) => taken.some((other) => conflict(port, other)));
}

/** Ports of the node that stay taken as long as the pod runs: those of containers and sidecars. */
function hostPortsOf({ spec }: AdmissionPod): readonly HostPort[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...sidecars, ...(spec?.containers ?? [])]
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => (hostPort ?? 0) > 0);
}

function conflict(a: HostPort, b: HostPort): boolean {
  if (a.hostPort !== b.hostPort || (a.protocol || "TCP") !== (b.protocol || "TCP")) return false;
  const [one, other] = [a.hostIP || EVERY_ADDRESS, b.hostIP || EVERY_ADDRESS];
  return one === other || one === EVERY_ADDRESS || other === EVERY_ADDRESS;
}
