import { environmentOf, objectsNamedBy } from "@krustlet/environment";
import type { Environment, NodeFacts } from "@krustlet/environment";
import type { Cancellable, ConfigMapObject, ObjectSource, SecretObject } from "@krustlet/interface";
import type { V1Container, V1Pod } from "@kubernetes/client-node";

/**
 * The environment of one container, with the ConfigMaps and Secrets that it names fetched first.
 * @throws KrustletError `ObjectNotFound`, `KeyNotFound`, `InvalidObject`, `InvalidField`, `UnsupportedField`.
 */
export async function containerEnvironment(
  pod: V1Pod,
  container: V1Container,
  from: {
    readonly objects: ObjectSource;
    readonly node: NodeFacts;
    readonly services?: Readonly<Record<string, string>>;
  } & Cancellable,
): Promise<Environment> {
  const { objects, node, services, signal } = from;
  const namespace = pod.metadata?.namespace ?? "default";
  const configMaps = new Map<string, ConfigMapObject>();
  const secrets = new Map<string, SecretObject>();
  const alone = { metadata: pod.metadata, spec: { containers: [container] } };
  await Promise.all(
    objectsNamedBy(alone).map(async ({ kind, name }) => {
      if (kind === "ConfigMap") {
        const found = await objects.configMap(namespace, name, { signal });
        if (found !== undefined) configMaps.set(name, found);
      } else if (kind === "Secret") {
        const found = await objects.secret(namespace, name, { signal });
        if (found !== undefined) secrets.set(name, found);
      }
    }),
  );
  return environmentOf({ pod, container, objects: { configMaps, secrets }, node, services });
}
