import type { V1CertificateSigningRequest, V1Lease, V1Node } from "@kubernetes/client-node";
import { formatQuantity, parseQuantity } from "@krustlet/quantity";
import { MACHINE } from "@krustlet/testkit";
import type { NodeClient } from "../src/node-client.ts";
import type { NodePatch } from "../src/plan-node-update.ts";

class ApiError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`HTTP ${code}`);
    this.code = code;
  }
}

/** What the next call meets instead of an answer: a status, a broken connection, one that hangs. */
export type Fault = number | "broken" | "hangs";

/** The rules of an API server that matter here: names are unique, updates are optimistic. */
export class ApiServer implements NodeClient {
  readonly nodes = new Map<string, V1Node>();
  readonly leases = new Map<string, V1Lease>();
  readonly requests = new Map<string, V1CertificateSigningRequest>();
  readonly patches: NodePatch[] = [];
  calls = 0;
  /** Asked at each call. */
  fault: (call: string) => Fault | undefined = () => undefined;
  #version = 0;

  async #meet(call: string): Promise<void> {
    this.calls += 1;
    const fault = this.fault(call);
    if (fault === "hangs") await new Promise(() => {});
    if (fault === "broken") throw new Error("ECONNRESET");
    if (typeof fault === "number") throw new ApiError(fault);
  }
  async createNode(node: V1Node): Promise<V1Node> {
    await this.#meet("createNode");
    const name = node.metadata?.name ?? "";
    if (this.nodes.has(name)) throw new ApiError(409);
    const stored = merged({}, JSON.parse(JSON.stringify(node)) as object);
    this.nodes.set(name, stored);
    return stored;
  }
  async getNode(name: string): Promise<V1Node> {
    await this.#meet("getNode");
    return found(this.nodes, name);
  }
  async patchNodeStatus(name: string, patch: NodePatch): Promise<V1Node> {
    await this.#meet("patchNodeStatus");
    this.patches.push(patch);
    const node = found(this.nodes, name);
    const next = merged(node, JSON.parse(JSON.stringify(patch)) as object);
    this.#version += 1;
    next.metadata = Object.assign({}, next.metadata, { resourceVersion: String(100 + this.#version) });
    this.nodes.set(name, next);
    return next;
  }
  async getLease(name: string): Promise<V1Lease> {
    await this.#meet("getLease");
    return found(this.leases, name);
  }
  async createLease(lease: V1Lease): Promise<V1Lease> {
    await this.#meet("createLease");
    if (this.leases.has(lease.metadata?.name ?? "")) throw new ApiError(409);
    return this.#storeLease(lease);
  }
  async updateLease(lease: V1Lease): Promise<V1Lease> {
    await this.#meet("updateLease");
    const current = found(this.leases, lease.metadata?.name ?? "");
    if (current.metadata?.resourceVersion !== lease.metadata?.resourceVersion) throw new ApiError(409);
    return this.#storeLease(lease);
  }
  #storeLease(lease: V1Lease): V1Lease {
    this.#version += 1;
    const stored = {
      metadata: Object.assign({}, lease.metadata, { resourceVersion: String(this.#version) }),
      spec: lease.spec!,
    };
    this.leases.set(lease.metadata?.name ?? "", stored);
    return stored;
  }
  async createCertificateSigningRequest(request: V1CertificateSigningRequest) {
    await this.#meet("createCsr");
    const name = request.metadata?.name ?? "";
    if (this.requests.has(name)) throw new ApiError(409);
    this.requests.set(name, request);
    return request;
  }
  async getCertificateSigningRequest(name: string) {
    await this.#meet("getCsr");
    return found(this.requests, name);
  }
}

function found<T>(objects: ReadonlyMap<string, T>, name: string): T {
  const object = objects.get(name);
  if (object === undefined) throw new ApiError(404);
  return object;
}

/** What a Node of {@link MACHINE} is made of. */
export const INIT = {
  name: "edge-1",
  machine: MACHINE,
  addresses: ["192.0.2.10"],
  kubeletVersion: "v1.36.3",
  runtimeVersion: "krustlet://0.1.0",
};

type Fields = Record<string, unknown>;

/** A strategic merge of a Node, with the amounts written and empty fields left out as the API server does. */
function merged(node: V1Node, patch: object): V1Node {
  const whole = mergedFields(node as Fields, patch as Fields) as V1Node;
  for (const amounts of [whole.status?.capacity, whole.status?.allocatable]) {
    for (const [name, amount] of Object.entries(amounts ?? {})) {
      amounts![name] = formatQuantity(parseQuantity(amount));
    }
  }
  for (const condition of whole.status?.conditions ?? []) {
    condition.lastHeartbeatTime = new Date(condition.lastHeartbeatTime!);
    condition.lastTransitionTime = new Date(condition.lastTransitionTime!);
  }
  return whole;
}

function mergedFields(before: Fields, patch: Fields): Fields {
  const after: Fields = { ...before };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) continue;
    if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) delete after[key];
    else if (key === "conditions" || key === "addresses") {
      after[key] = mergedByType((before[key] ?? []) as Fields[], value as Fields[]);
    } else if (typeof value === "object" && !Array.isArray(value)) {
      after[key] = mergedFields((before[key] ?? {}) as Fields, value as Fields);
    } else after[key] = value;
  }
  return after;
}

function mergedByType(before: readonly Fields[], patch: readonly Fields[]): Fields[] {
  const items = patch.filter((item) => !("$patch" in item));
  if (items.length < patch.length) return items;
  const rest = before.filter(({ type }) => !items.some((item) => item["type"] === type));
  return [
    ...rest,
    ...items.map((item) =>
      Object.assign(
        {},
        before.find((b) => b["type"] === item["type"]),
        item,
      ),
    ),
  ];
}
