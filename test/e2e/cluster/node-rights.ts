import { randomUUID } from "node:crypto";
import type { Cluster } from "@krustlet/control-plane";
import { nodeClient, openKube } from "@krustlet/kube";
import type { Kube } from "@krustlet/kube";
import type { NodeClient } from "@krustlet/node";
import { buildNode, measureMachine, nodeConditionsOf } from "@krustlet/node";
import type { V1Node, V1NodeCondition } from "@kubernetes/client-node";

/** The API server as a node sees it that has nothing but a node's rights, and what that node says of itself. */
export interface NodeRights extends AsyncDisposable {
  readonly name: string;
  readonly kube: Kube;
  readonly client: NodeClient;
  /** Its Node, with conditions that follow on those given. */
  build(existing?: readonly V1NodeCondition[], change?: Partial<Parameters<typeof buildNode>[0]>): V1Node;
}

/** Opens the API server as a node that nobody has used yet. */
export async function openNodeRights(cluster: Cluster): Promise<NodeRights> {
  const name = `node-${randomUUID()}`;
  const kube = await openKube({ kubeconfig: await cluster.nodeKubeconfig(name) });
  const machine = Object.assign({}, await measureMachine({ rootDirectory: "/" }), { hostname: name });
  return {
    name,
    kube,
    client: nodeClient(kube),
    build: (existing = [], change = {}) => {
      const init = {
        name,
        machine,
        addresses: ["127.0.0.1"],
        kubeletVersion: "v1.36.3",
        runtimeVersion: "krustlet://0.1.0",
        maxPods: 1000,
        ...change,
      };
      const { capacity = {} } = buildNode(init).status ?? {};
      const calm = { memoryPressure: false, diskPressure: false, pidPressure: false };
      const facts = { ...calm, errors: [], capacity };
      return buildNode({ ...init, conditions: nodeConditionsOf(facts, existing, new Date()) });
    },
    [Symbol.asyncDispose]: () => kube.close(),
  };
}

/** Opens the API server with a kubeconfig for the doers of `@krustlet/node`. Disposing closes it. */
export async function openNodeClient(
  kubeconfig: string,
): Promise<AsyncDisposable & { readonly client: NodeClient }> {
  const kube = await openKube({ kubeconfig });
  return { client: nodeClient(kube), [Symbol.asyncDispose]: () => kube.close() };
}
