import type {
  V1CertificateSigningRequest,
  V1ContainerState,
  V1ContainerStatus,
  V1Lease,
  V1Node,
  V1ObjectMeta,
  V1Pod,
} from "@kubernetes/client-node";

/**
 * Objects come from the API server as JSON, in which times are text, while the types of `@kubernetes/client-node` say
 * `Date`. The client's own deserializer walks every field by a table, which costs more than everything else that
 * happens to an object; these functions convert, in place, the fields that are read, and drop `managedFields`, which
 * nobody here reads and which are a third of an object. What is left out becomes undefined: an object of which a field is
 * deleted takes V8 several times the memory.
 */

/**
 * A Pod as it came from the API server, its dates made `Date`s: `creationTimestamp`, `deletionTimestamp`, `startTime`,
 * `lastTransitionTime` and `lastProbeTime` of conditions, `startedAt` and `finishedAt` of containers. Takes the object
 * over. What is no time is left out.
 */
export function podFromJson(pod: V1Pod): V1Pod {
  metadataDates(pod.metadata);
  const status = pod.status;
  if (!isObject(status)) return pod;
  toDate(status, "startTime");
  conditionDates(status.conditions);
  containerDates(status.containerStatuses);
  containerDates(status.initContainerStatuses);
  containerDates(status.ephemeralContainerStatuses);
  return pod;
}

/** A Node, with `creationTimestamp` and the times of conditions and taints as `Date`s. Takes the object over. */
export function nodeFromJson(node: V1Node): V1Node {
  metadataDates(node.metadata);
  conditionDates(node.status?.conditions);
  for (const taint of elementsOf(node.spec?.taints)) toDate(taint, "timeAdded");
  return node;
}

/** A Lease, with `creationTimestamp`, `renewTime` and `acquireTime` as `Date`s. Takes the object over. */
export function leaseFromJson(lease: V1Lease): V1Lease {
  metadataDates(lease.metadata);
  toMicroTime(lease.spec, "renewTime");
  toMicroTime(lease.spec, "acquireTime");
  return lease;
}

/** A CertificateSigningRequest, with `creationTimestamp` and the times of conditions as `Date`s. Takes it over. */
export function certificateSigningRequestFromJson(
  request: V1CertificateSigningRequest,
): V1CertificateSigningRequest {
  metadataDates(request.metadata);
  conditionDates(request.status?.conditions);
  return request;
}

/** Any other object, with its metadata's times as `Date`s. Takes the object over. */
export function objectFromJson<T extends { metadata?: V1ObjectMeta }>(object: T): T {
  metadataDates(object.metadata);
  return object;
}

/** A time with microseconds, which is written again as it was read. */
class MicroTime extends Date {
  readonly #text: string;

  constructor(text: string) {
    super(text);
    this.#text = text;
  }

  override toISOString(): string {
    return this.#text;
  }
}

function metadataDates(metadata: V1ObjectMeta | undefined): void {
  if (!isObject(metadata)) return;
  if (metadata.managedFields !== undefined) metadata.managedFields = undefined;
  toDate(metadata, "creationTimestamp");
  toDate(metadata, "deletionTimestamp");
}

function conditionDates(conditions: unknown): void {
  for (const condition of elementsOf(conditions)) {
    toDate(condition, "lastTransitionTime");
    toDate(condition, "lastProbeTime");
    toDate(condition, "lastHeartbeatTime");
    toDate(condition, "lastUpdateTime");
  }
}

function containerDates(statuses: readonly V1ContainerStatus[] | undefined): void {
  for (const status of elementsOf(statuses) as Partial<V1ContainerStatus>[]) {
    stateDates(status.state);
    stateDates(status.lastState);
  }
}

function stateDates(state: V1ContainerState | undefined): void {
  if (!isObject(state)) return;
  toDate(state.running, "startedAt");
  toDate(state.terminated, "startedAt");
  toDate(state.terminated, "finishedAt");
}

function isObject<T>(value: T): value is T & object {
  return typeof value === "object" && value !== null;
}

function elementsOf(list: unknown): object[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function toDate(object: object | undefined, field: string): void {
  if (!isObject(object)) return;
  const fields = object as Record<string, unknown>;
  const text = fields[field];
  if (text === undefined || text instanceof Date) return;
  const date = typeof text === "string" ? new Date(text) : undefined;
  fields[field] = date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

function toMicroTime(object: object | undefined, field: string): void {
  if (!isObject(object)) return;
  const fields = object as Record<string, unknown>;
  const text = fields[field];
  if (typeof text !== "string") return;
  const date = new MicroTime(text);
  fields[field] = Number.isNaN(date.getTime()) ? undefined : date;
}
