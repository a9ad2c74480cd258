import { formatQuantity, parseQuantity } from "@krustlet/quantity";
import type { Quantity } from "@krustlet/quantity";

import type { EvictionPod, PodUse } from "./pod-use.ts";

const RESOURCE = "ephemeral-storage";

/** What of a pod is more than it may be. */
export interface StorageExcess {
  /** In the kubelet's words. */
  readonly message: string;
  /** The kubelet's name for the limit, under which metrics count it. */
  readonly signal: "emptydirfs.limit" | "ephemeralpodfs.limit" | "ephemeralcontainerfs.limit";
}

/** Whether anything of a pod is limited in what it may write to the node's disk, apart from its volumes' own limits. */
export function hasStorageLimit({ spec }: EvictionPod): boolean {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return all.some(({ resources }) => resources?.limits?.[RESOURCE] !== undefined);
}

/**
 * Pure: why a pod that has written too much to the node's disk has to go, in the kubelet's words; undefined where it has
 * not. The limits of its containers together are that of the pod, volumes included; each one's own is that of what it has
 * written to its logs and such.
 */
export function storageExcessOf(pod: EvictionPod, use: PodUse): StorageExcess | undefined {
  const limit = podLimitOf(pod);
  if (limit !== undefined && isMore(use.storageBytes, limit)) {
    const text = formatQuantity(limit);
    const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${text}. `;
    return { message, signal: "ephemeralpodfs.limit" };
  }
  for (const { name, resources } of pod.spec?.containers ?? []) {
    const own = quantityOf(resources?.limits?.[RESOURCE]);
    const used = use.containers.find((each) => each.name === name)?.storageBytes ?? 0;
    if (own === undefined || own.nano === 0n || !isMore(used, own)) continue;
    const message = `Container ${name} exceeded its local ephemeral storage limit "${formatQuantity(own)}". `;
    return { message, signal: "ephemeralcontainerfs.limit" };
  }
  return undefined;
}

/**
 * The larger of all containers together and of the greediest init container beside the sidecars that run by then. Those
 * without a limit add none, as the kubelet has it.
 */
function podLimitOf({ spec }: EvictionPod): Quantity | undefined {
  const limits = (spec?.containers ?? []).map(({ resources }) => quantityOf(resources?.limits?.[RESOURCE]));
  let all = limits.reduce(sumOf, undefined);
  let sidecars: Quantity | undefined;
  let initial: Quantity | undefined;
  for (const { resources, restartPolicy } of spec?.initContainers ?? []) {
    const own = quantityOf(resources?.limits?.[RESOURCE]);
    if (restartPolicy === "Always") {
      all = sumOf(all, own);
      sidecars = sumOf(sidecars, own);
      initial = largerOf(initial, sidecars);
    } else initial = largerOf(initial, sumOf(sidecars, own));
  }
  return largerOf(all, initial);
}

function sumOf(a: Quantity | undefined, b: Quantity | undefined): Quantity | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { nano: a.nano + b.nano, format: a.format };
}

function largerOf(a: Quantity | undefined, b: Quantity | undefined): Quantity | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.nano > a.nano ? b : a;
}

function isMore(bytes: number, { nano }: Quantity): boolean {
  // A tree that is too deep to be measured counts as endless.
  return bytes === Number.POSITIVE_INFINITY || BigInt(Math.trunc(bytes)) * 1_000_000_000n > nano;
}

function quantityOf(text: string | undefined): Quantity | undefined {
  try {
    return text === undefined ? undefined : parseQuantity(text);
  } catch {
    // The API server has looked at it; of a static pod, the manifest's reader has.
    return undefined;
  }
}
