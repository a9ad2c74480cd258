import type { EnvironmentContainer, EnvironmentPod, EnvironmentVolume } from "./pod.ts";

/** One object that a Pod names. It lives in the Pod's own namespace. */
export interface NamedObject {
  readonly kind: "ConfigMap" | "Secret" | "PersistentVolumeClaim";
  readonly name: string;
  /** Whether the Pod starts without it. */
  readonly optional: boolean;
  /** Field that names it, the first of them: `spec.containers[0].env[2].valueFrom.secretKeyRef`. */
  readonly field: string;
}

interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

/**
 * Every ConfigMap, Secret and PersistentVolumeClaim that `pod` names, each once, in the order of the Pod's fields.
 * One that any field needs is not optional. Pull secrets are optional, as they are to the kubelet.
 */
export function objectsNamedBy(pod: EnvironmentPod): readonly NamedObject[] {
  const named = new Map<string, NamedObject>();
  const add = (kind: NamedObject["kind"], reference: Reference | undefined, field: string): void => {
    if (reference?.name === undefined || reference.name === "") return;
    const optional = reference.optional ?? false;
    const key = `${kind}/${reference.name}`;
    const known = named.get(key);
    if (known === undefined) named.set(key, { kind, name: reference.name, optional, field });
    else if (known.optional && !optional) named.set(key, { ...known, optional, field });
  };
  const { spec } = pod;
  spec?.imagePullSecrets?.forEach(({ name }, index) =>
    add("Secret", { name, optional: true }, `spec.imagePullSecrets[${index}]`),
  );
  spec?.volumes?.forEach((volume, index) => addVolume(volume, `spec.volumes[${index}]`, add));
  spec?.initContainers?.forEach((each, index) => addContainer(each, `spec.initContainers[${index}]`, add));
  spec?.containers.forEach((each, index) => addContainer(each, `spec.containers[${index}]`, add));
  return [...named.values()];
}

type Add = (kind: NamedObject["kind"], reference: Reference | undefined, field: string) => void;

function addVolume(volume: EnvironmentVolume, field: string, add: Add): void {
  const { configMap, secret, persistentVolumeClaim: claim, projected } = volume;
  add("ConfigMap", configMap, `${field}.configMap`);
  add("Secret", secret && { name: secret.secretName, optional: secret.optional }, `${field}.secret`);
  add("PersistentVolumeClaim", claim && { name: claim.claimName }, `${field}.persistentVolumeClaim`);
  projected?.sources?.forEach((source, index) => {
    add("ConfigMap", source.configMap, `${field}.projected.sources[${index}].configMap`);
    add("Secret", source.secret, `${field}.projected.sources[${index}].secret`);
  });
}

function addContainer(container: EnvironmentContainer, field: string, add: Add): void {
  container.envFrom?.forEach((entry, index) => {
    add("ConfigMap", entry.configMapRef, `${field}.envFrom[${index}].configMapRef`);
    add("Secret", entry.secretRef, `${field}.envFrom[${index}].secretRef`);
  });
  container.env?.forEach(({ valueFrom }, index) => {
    add("ConfigMap", valueFrom?.configMapKeyRef, `${field}.env[${index}].valueFrom.configMapKeyRef`);
    add("Secret", valueFrom?.secretKeyRef, `${field}.env[${index}].valueFrom.secretKeyRef`);
  });
}
