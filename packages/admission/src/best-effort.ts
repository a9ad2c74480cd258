import type { AdmissionPod } from "./pod.ts";
import { amountsOf } from "./pod-requests.ts";

/** Whether neither the Pod nor any container asks for CPU or memory. */
export function isBestEffort({ spec }: AdmissionPod): boolean {
  const all = [spec, ...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return all.every((each) =>
    [each?.resources?.requests, each?.resources?.limits].every((texts) => {
      const amounts = amountsOf(texts, "the Pod");
      return (amounts.get("cpu") ?? 0n) === 0n && (amounts.get("memory") ?? 0n) === 0n;
    }),
  );
}
