import type { V1ClusterRoleBinding, V1Secret } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { createBootstrapToken } from "../src/index.ts";
import type { BootstrapClient } from "../src/index.ts";

class ApiError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`HTTP ${code}`);
    this.code = code;
  }
}

/** A cluster that holds what is made; calls that `refusal` names a status for are refused. */
class Cluster implements BootstrapClient {
  readonly secrets: V1Secret[] = [];
  readonly bindings = new Map<string, V1ClusterRoleBinding>();
  refusal: (call: string) => number | undefined = () => undefined;

  #meet(call: string): void {
    const status = this.refusal(call);
    if (status !== undefined) throw new ApiError(status);
  }
  async createSecret(secret: V1Secret): Promise<void> {
    this.#meet("createSecret");
    this.secrets.push(secret);
  }
  async createClusterRoleBinding(binding: V1ClusterRoleBinding): Promise<void> {
    this.#meet("createBinding");
    if (this.bindings.has(binding.metadata!.name!)) throw new ApiError(409);
    this.bindings.set(binding.metadata!.name!, binding);
  }
  async getClusterRoleBinding(name: string): Promise<V1ClusterRoleBinding> {
    this.#meet("getBinding");
    return this.bindings.get(name)!;
  }
}

const now = new Date("2026-01-01T00:00:00.500Z");

describe("a bootstrap token", () => {
  it("is good for an hour, for whom may ask for a node's certificate and nothing else", async () => {
    const cluster = new Cluster();
    const { token, expires, bindings } = await createBootstrapToken(cluster, now);
    expect(`${token.id}.${token.secret}`).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    expect(expires.toISOString()).toBe("2026-01-01T01:00:00.500Z");
    expect(cluster.secrets).toMatchObject([
      {
        metadata: { name: `bootstrap-token-${token.id}`, namespace: "kube-system" },
        type: "bootstrap.kubernetes.io/token",
        stringData: {
          "token-id": token.id,
          "token-secret": token.secret,
          expiration: "2026-01-01T01:00:00Z",
          "usage-bootstrap-authentication": "true",
          "auth-extra-groups":
            "system:bootstrappers:krustlet,system:bootstrappers:kubeadm:default-node-token",
        },
      },
    ]);
    expect(cluster.secrets[0]?.stringData).not.toHaveProperty("usage-bootstrap-signing");
    expect(bindings.map(({ role, group, state }) => `${role} ${group} ${state}`)).toEqual([
      "system:node-bootstrapper system:bootstrappers:krustlet created",
      "system:certificates.k8s.io:certificatesigningrequests:nodeclient system:bootstrappers:krustlet created",
      "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient system:nodes created",
    ]);
  });

  it("is another one each time, and finds its bindings", async () => {
    const cluster = new Cluster();
    const first = await createBootstrapToken(cluster, now);
    const second = await createBootstrapToken(cluster, now);
    expect(second.token).not.toEqual(first.token);
    expect(second.bindings.map(({ state }) => state)).toEqual(["present", "present", "present"]);
  });

  it("is made by whoever may make no bindings, who learns which and why", async () => {
    const cluster = new Cluster();
    cluster.refusal = (call) => (call === "createBinding" ? 403 : undefined);
    const { bindings } = await createBootstrapToken(cluster, now);
    expect(bindings.map(({ state, reason }) => `${state}: ${reason ?? ""}`)).toEqual(
      Array.from({ length: 3 }, () => "missing: HTTP 403"),
    );
    expect(cluster.secrets).toHaveLength(1);
  });

  it("does not take another's binding of the same name for its own", async () => {
    const cluster = new Cluster();
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" };
    cluster.bindings.set("krustlet:bootstrap", { metadata: {}, roleRef });
    const { bindings } = await createBootstrapToken(cluster, now);
    expect(bindings[0]).toMatchObject({
      state: "missing",
      reason: expect.stringContaining("something else"),
    });
  });

  it("that may not be made leaves nothing behind, and says what the API server said", async () => {
    const cluster = new Cluster();
    cluster.refusal = (call) => (call === "createSecret" ? 403 : undefined);
    await expect(createBootstrapToken(cluster, now)).rejects.toMatchObject({
      code: "InvalidObject",
      message: "The bootstrap token cannot be made in namespace kube-system: HTTP 403",
    });
    expect(cluster.bindings.size).toBe(0);
  });
});
