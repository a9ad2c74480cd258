/**
 * A container's environment, and the downward API, from a Pod and the objects it names. Pure: whoever calls fetched
 * the objects before.
 *
 * @example
 * ```ts
 * import { environmentOf } from "@krustlet/environment";
 *
 * const container = {
 *   name: "web",
 *   env: [
 *     { name: "HOST", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
 *     { name: "URL", value: "http://$(HOST):8080" },
 *   ],
 * };
 * const { env } = environmentOf({
 *   pod: { metadata: { name: "web", namespace: "default" }, spec: { containers: [container] } },
 *   container,
 *   objects: { configMaps: new Map(), secrets: new Map() },
 *   node: { podIPs: ["127.0.10.1"] },
 * });
 * env.URL; // "http://127.0.10.1:8080"
 * ```
 *
 * @packageDocumentation
 */
export { environmentOf } from "./environment-of.ts";
export type { Environment, EnvironmentInit, FetchedObjects } from "./environment-of.ts";
export { expandVariables } from "./expand-variables.ts";
export type { VariableLookup } from "./expand-variables.ts";
export { FIELD_PATHS, fieldOf } from "./field-of.ts";
export { objectsNamedBy } from "./objects-named-by.ts";
export type { NamedObject } from "./objects-named-by.ts";
export type {
  EnvEntry,
  EnvFromEntry,
  EnvironmentContainer,
  EnvironmentPod,
  EnvironmentVolume,
  FieldSelector,
  KeySelector,
  NodeFacts,
  ResourceFieldSelector,
} from "./pod.ts";
export { resourceFieldOf } from "./resource-field-of.ts";
export { serviceVariablesOf } from "./service-variables-of.ts";
export type { ServiceLike } from "./service-variables-of.ts";
