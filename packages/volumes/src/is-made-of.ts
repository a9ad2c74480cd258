import type { ObjectKey } from "@krustlet/interface";
import type { V1Volume } from "@kubernetes/client-node";

/** Whether the content of `volume` is made from the object, of the pod's own namespace, that `changed` names. */
export function isMadeOf(volume: V1Volume, { kind, name }: Pick<ObjectKey, "kind" | "name">): boolean {
  const sources = [volume, ...(volume.projected?.sources ?? [])];
  switch (kind) {
    case "ConfigMap":
      return sources.some(({ configMap }) => configMap?.name === name);
    case "Secret":
      return (
        volume.secret?.secretName === name || sources.slice(1).some(({ secret }) => nameOf(secret) === name)
      );
    case "Pod":
      return sources.some(({ downwardAPI }) => Boolean(downwardAPI));
    default:
      return false;
  }
}

function nameOf(source: object | undefined): unknown {
  return source !== undefined && "name" in source ? source.name : undefined;
}
