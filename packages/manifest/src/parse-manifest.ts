import type { V1ConfigMap, V1PersistentVolumeClaim, V1Pod, V1Secret } from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";

import { checkShape } from "./check-shape.ts";
import { defaultPod } from "./default-pod.ts";
import { didYouMean } from "./did-you-mean.ts";
import { isObject, own } from "./document.ts";
import type { Json, JsonObject, ManifestDocument } from "./document.ts";
import { applyFields } from "./fields/apply-fields.ts";
import { POD_FIELDS } from "./fields/pod-fields.ts";
import { allKinds, isIgnoredKind, KNOWN_KINDS } from "./kinds.ts";
import type { Manifest } from "./manifest.ts";
import { podsOfWorkload } from "./pods-of-workload.ts";
import type { Workload } from "./pods-of-workload.ts";
import { fieldPathText, placeOf, printable, problemsError } from "./problem.ts";
import type { FieldPath, Problem, Report } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { checkedClaim, checkedConfigMap, checkedSecret } from "./validate-objects.ts";
import { validateLabels, validateMetadata } from "./validate-metadata.ts";
import { validatePodSpec } from "./validate-pod-spec.ts";

/** Options of {@link parseManifest}. */
export interface ParseManifestOptions {
  /** What messages call the text: the file's name, `-` for standard input. */
  readonly source: string;
}

/**
 * Reads a stream of YAML (or JSON) documents: Pods, what makes Pods (Job, CronJob, Deployment, ReplicaSet,
 * StatefulSet, DaemonSet, ReplicationController), ConfigMaps, Secrets, PersistentVolumeClaims, and Lists of those.
 * Each is checked as strictly as `kubectl apply --validate=strict` and an API server would, and gets the defaults.
 * Other kinds of Kubernetes are left out with a warning.
 * @throws KrustletError `InvalidManifest` (no YAML, no object, an unknown kind), `InvalidField`, or `UnsupportedField`
 * where all that is wrong is fields that Krustlet refuses. One line for each problem, ten at the most; each names
 * file, document, line and field.
 */
export function parseManifest(text: string, { source }: ParseManifestOptions): Manifest {
  const collector = new Collector(source);
  for (const document of readYaml(text, source)) {
    collector.begin(document);
    collector.add(document.value, []);
    collector.end();
  }
  const { manifest } = collector;
  const kinds = [manifest.pods, manifest.configMaps, manifest.secrets, manifest.persistentVolumeClaims];
  if (kinds.every((list) => list.length === 0) && manifest.warnings.length === 0) {
    throw new KrustletError("InvalidManifest", `${source}: there is no object in the manifest`);
  }
  return manifest;
}

interface Collected extends Manifest {
  readonly pods: V1Pod[];
  readonly configMaps: V1ConfigMap[];
  readonly secrets: V1Secret[];
  readonly persistentVolumeClaims: V1PersistentVolumeClaim[];
  readonly warnings: string[];
}

/** Takes object after object and keeps what is good. */
class Collector {
  readonly manifest: Collected = {
    pods: [],
    configMaps: [],
    secrets: [],
    persistentVolumeClaims: [],
    warnings: [],
  };
  readonly #source: string;
  readonly #seen = new Set<string>();
  #document: ManifestDocument | undefined;
  #problems: Problem[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  begin(document: ManifestDocument): void {
    this.#document = document;
    this.#problems = [];
  }

  end(): void {
    if (this.#document === undefined || this.#problems.length === 0) return;
    throw problemsError(this.#problems, this.#document, this.#source);
  }

  add(value: Json, root: FieldPath): void {
    const { report } = this;
    if (!isObject(value)) {
      report(root, "must be an object with apiVersion and kind", "InvalidManifest");
      return;
    }
    const kind = own(value, "kind");
    const apiVersion = own(value, "apiVersion");
    for (const [field, text] of Object.entries({ apiVersion, kind })) {
      if (typeof text === "string" && text !== "") continue;
      const problem = text === undefined || text === null ? "is required" : "must be a string";
      report([...root, field], problem, "InvalidManifest");
    }
    if (typeof kind !== "string" || typeof apiVersion !== "string" || kind === "" || apiVersion === "")
      return;
    if (apiVersion === "v1" && (kind === "List" || kind === "PodList"))
      return this.#addList(value, kind, root);
    if (Object.hasOwn(KNOWN_KINDS, kind) && KNOWN_KINDS[kind] === apiVersion) {
      const before = this.#problems.length;
      const within: Report = (path, message, code) => report([...root, ...path], message, code);
      const object = checkShape(value, kind, [], within);
      // Rules rest on the types being right; one kind of mistake at a time.
      if (this.#problems.length === before) this.#addObject(kind, object, root, within);
    } else if (isIgnoredKind(apiVersion, kind)) {
      this.#warn(root, `${kind} ${nameOf(value)} ignored: it means nothing without a cluster`);
    } else {
      this.#refuseKind(apiVersion, kind, root);
    }
  }

  readonly report: Report = (path, message, code = "InvalidField") => {
    this.#problems.push({ code, path, message });
  };

  #addList(list: JsonObject, kind: string, root: FieldPath): void {
    if (root.length > 0) return this.report(root, "a List may not hold another List", "InvalidManifest");
    for (const field of Object.keys(list)) {
      if (["apiVersion", "kind", "metadata", "items"].includes(field)) continue;
      this.report([field], `unknown field${didYouMean(field, ["items", "metadata"])}`);
    }
    const items = own(list, "items") ?? [];
    if (!Array.isArray(items)) return this.report(["items"], "must be a list");
    for (const [index, item] of items.entries()) {
      // The API server leaves apiVersion and kind out of the items of typed lists.
      const whole = kind === "PodList" && isObject(item) ? { apiVersion: "v1", kind: "Pod" } : undefined;
      if (whole === undefined || !isObject(item)) this.add(item, ["items", index]);
      else
        this.add(Object.fromEntries([...Object.entries(whole), ...Object.entries(item)]), ["items", index]);
    }
  }

  #addObject(kind: string, object: unknown, root: FieldPath, report: Report): void {
    const { metadata } = object as V1Pod;
    validateMetadata(metadata, ["metadata"], report);
    this.#once(kind, metadata?.namespace, metadata?.name, report);
    switch (kind) {
      case "Pod":
        this.#addPods([object as V1Pod], object as V1Pod, [], root, report);
        break;
      case "ConfigMap":
        this.manifest.configMaps.push(checkedConfigMap(object as V1ConfigMap, report));
        break;
      case "Secret":
        this.manifest.secrets.push(checkedSecret(object as V1Secret, report));
        break;
      case "PersistentVolumeClaim":
        this.manifest.persistentVolumeClaims.push(
          checkedClaim(object as V1PersistentVolumeClaim, [], report),
        );
        break;
      default:
        this.#addWorkload(object as Workload, root, report);
    }
  }

  #addWorkload(object: Workload, root: FieldPath, report: Report): void {
    const warn = (path: FieldPath, message: string): void => this.#warn([...root, ...path], message);
    const made = podsOfWorkload(object, report, warn);
    const { template, templatePath, claims, pods } = made;
    validateLabels(template.metadata, [...templatePath, "metadata"], report);
    for (const claim of claims) {
      this.#once("PersistentVolumeClaim", claim.metadata?.namespace, claim.metadata?.name, report);
      this.manifest.persistentVolumeClaims.push(
        checkedClaim(claim, ["spec", "volumeClaimTemplates", 0], report),
      );
    }
    for (const pod of pods) this.#once("Pod", pod.metadata?.namespace, pod.metadata?.name, report);
    this.#addPods(pods, template, templatePath, root, report);
  }

  /** Checks the Pods' common `template`, which stands at `path` of the object, and keeps them. */
  #addPods(pods: readonly V1Pod[], template: V1Pod, path: FieldPath, root: FieldPath, report: Report): void {
    const [first] = pods;
    const spec = first?.spec ?? template.spec;
    if (spec === undefined) return report([...path, "spec"], "is required");
    validatePodSpec(spec, [...path, "spec"], report);
    const warn = (at: FieldPath, message: string): void => this.#warn([...root, ...at], message);
    applyFields(template, { table: POD_FIELDS, root: path, report, warn });
    this.manifest.pods.push(...pods.map(defaultPod));
  }

  #once(kind: string, namespace = "default", name = "", report: Report = this.report): void {
    const key = `${kind}/${namespace}/${name}`;
    if (this.#seen.has(key)) {
      report(["metadata", "name"], `there is another ${kind} "${printable(name)}" in the manifest`);
    }
    this.#seen.add(key);
  }

  #warn(path: FieldPath, message: string): void {
    if (this.#document === undefined) return;
    const field = fieldPathText(path);
    const place = placeOf(path, this.#document, this.#source);
    this.manifest.warnings.push(`${place}: ${field === "" ? "" : `${field}: `}${message}`);
  }

  #refuseKind(apiVersion: string, kind: string, root: FieldPath): void {
    const served = Object.hasOwn(KNOWN_KINDS, kind) ? KNOWN_KINDS[kind] : undefined;
    if (served === undefined) {
      const hint = didYouMean(kind, allKinds());
      const message = `unknown kind "${printable(kind)}" in "${printable(apiVersion)}"${hint}`;
      this.report([...root, "kind"], message, "InvalidManifest");
    } else {
      const message = `a ${kind} has apiVersion ${served}, not "${printable(apiVersion)}"`;
      this.report([...root, "apiVersion"], message, "InvalidManifest");
    }
  }
}

function nameOf(object: JsonObject): string {
  const metadata = own(object, "metadata");
  const name = isObject(metadata) ? own(metadata, "name") : undefined;
  return typeof name === "string" ? `"${printable(name)}"` : "without a name";
}
