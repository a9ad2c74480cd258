import type { ObjectKey } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

/** Pure: the ConfigMaps and Secrets that a pod names, each once: those that its node may read. */
export function referencedObjectsOf(pod: V1Pod): ObjectKey[] {
  const namespace = pod.metadata?.namespace ?? "";
  const found = new Map<string, ObjectKey>();
  const add = (kind: "ConfigMap" | "Secret", name: string | undefined): void => {
    if (name !== undefined && name !== "") found.set(`${kind}/${name}`, { kind, namespace, name });
  };
  const { spec } = pod;
  for (const secret of spec?.imagePullSecrets ?? []) add("Secret", secret.name);
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  for (const { env, envFrom } of containers) {
    for (const { valueFrom } of env ?? []) {
      add("ConfigMap", valueFrom?.configMapKeyRef?.name);
      add("Secret", valueFrom?.secretKeyRef?.name);
    }
    for (const { configMapRef, secretRef } of envFrom ?? []) {
      add("ConfigMap", configMapRef?.name);
      add("Secret", secretRef?.name);
    }
  }
  for (const { configMap, secret, projected } of spec?.volumes ?? []) {
    add("ConfigMap", configMap?.name);
    add("Secret", secret?.secretName);
    for (const source of projected?.sources ?? []) {
      add("ConfigMap", source.configMap?.name);
      add("Secret", source.secret?.name);
    }
  }
  return [...found.values()];
}
