import type {
  ConfigMapObject,
  ObjectSource,
  PersistentVolumeClaimObject,
  SecretObject,
} from "@krustlet/interface";
import type { Manifest } from "@krustlet/manifest";

/** The ConfigMaps, Secrets and claims of manifests, by namespace and name. */
export class ManifestObjects implements ObjectSource {
  readonly #manifests = new Map<string, Manifest>();

  /** Sets what the file `source` holds; it replaces what that file held before. */
  set(source: string, manifest: Manifest): void {
    this.#manifests.set(source, manifest);
  }

  delete(source: string): void {
    this.#manifests.delete(source);
  }

  configMap(namespace: string, name: string): Promise<ConfigMapObject | undefined> {
    return Promise.resolve(this.#find(({ configMaps }) => configMaps, namespace, name));
  }

  secret(namespace: string, name: string): Promise<SecretObject | undefined> {
    return Promise.resolve(this.#find(({ secrets }) => secrets, namespace, name));
  }

  persistentVolumeClaim(namespace: string, name: string): Promise<PersistentVolumeClaimObject | undefined> {
    return Promise.resolve(
      this.#find(({ persistentVolumeClaims }) => persistentVolumeClaims, namespace, name),
    );
  }

  #find<T extends { metadata?: { name?: string; namespace?: string } }>(
    of: (manifest: Manifest) => readonly T[],
    namespace: string,
    name: string,
  ): T | undefined {
    for (const manifest of this.#manifests.values()) {
      const found = of(manifest).find(
        ({ metadata }) => metadata?.name === name && (metadata.namespace ?? "default") === namespace,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
