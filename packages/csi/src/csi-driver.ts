import { KrustletError } from "@krustlet/interface";
import type { Cancellable } from "@krustlet/interface";

import { parseNodeInfo } from "./parse-node-info.ts";
import type { NodeInfo } from "./parse-node-info.ts";
import { connect } from "./rpc/connect.ts";
import type { Connection } from "./rpc/connect.ts";
import { IDENTITY, NODE } from "./rpc/csi-schema.ts";
import { listIn, textIn, valueIn } from "./rpc/read-answer.ts";
import { isUnimplemented } from "./rpc/rpc-error.ts";
import type { PluginRegistration } from "./parse-registration.ts";

/** Milliseconds that calls may take. */
export interface RpcLimits {
  /** For questions. */
  readonly askMs: number;
  /** For what mounts and unmounts. */
  readonly volumeMs: number;
}

/** Numbers of `NodeServiceCapability.RPC.Type`. */
export const CAPABILITY = { stageUnstage: 1, singleNodeMultiWriter: 5 } as const;

/** Options of calls that may be given secrets. */
export interface VolumeCallOptions extends Cancellable {
  readonly secrets?: readonly string[];
}

/** Calls of the node's side of the interface that change something. */
export type VolumeMethod =
  | "NodeStageVolume"
  | "NodeUnstageVolume"
  | "NodePublishVolume"
  | "NodeUnpublishVolume";

/** A driver that can be asked. Disposing closes its connections. */
export class CsiDriver implements Disposable {
  readonly name: string;
  readonly #identity: Connection;
  readonly #node: Connection;
  readonly #limits: RpcLimits;
  readonly #where: string;
  #capabilities: ReadonlySet<number> | undefined;

  private constructor(name: string, identity: Connection, node: Connection, limits: RpcLimits) {
    this.name = name;
    this.#identity = identity;
    this.#node = node;
    this.#limits = limits;
    this.#where = whereOf(name);
  }

  /** Nothing is asked yet. */
  static async open({ name, endpoint }: PluginRegistration, limits: RpcLimits): Promise<CsiDriver> {
    const identity = await connect(endpoint, IDENTITY, whereOf(name));
    return new CsiDriver(name, identity, await connect(endpoint, NODE, whereOf(name)), limits);
  }

  /**
   * Demands that the driver is the one of its name, and ready.
   * @throws KrustletError `InvalidField` for another one, `VolumeFailed` for one that is not ready; as calls do.
   */
  async demandReady({ signal }: Cancellable): Promise<void> {
    const options = { signal, timeoutMs: this.#limits.askMs };
    const name = textIn(await this.#identity.call("GetPluginInfo", {}, options), "name");
    if (name !== this.name) {
      const said = JSON.stringify(name.slice(0, 100));
      throw new KrustletError("InvalidField", `${this.#where} says that its name is ${said}`);
    }
    try {
      const { ready } = (await this.#identity.call("Probe", {}, options)) as { readonly ready?: unknown };
      if (valueIn(ready, "value") !== false) return;
    } catch (error) {
      if (isUnimplemented(error)) return;
      throw error;
    }
    throw new KrustletError("VolumeFailed", `${this.#where} is not ready`, { retryable: true });
  }

  async nodeInfo({ signal }: Cancellable): Promise<NodeInfo> {
    const answer = await this.#node.call("NodeGetInfo", {}, { signal, timeoutMs: this.#limits.askMs });
    return parseNodeInfo(answer, this.#where);
  }

  /** What it can do, by number; asked once. */
  async capabilities({ signal }: Cancellable): Promise<ReadonlySet<number>> {
    if (this.#capabilities !== undefined) return this.#capabilities;
    const options = { signal, timeoutMs: this.#limits.askMs };
    const answer = await this.#node.call("NodeGetCapabilities", {}, options);
    const types = listIn(answer, "capabilities").map((each) => valueIn(valueIn(each, "rpc"), "type"));
    return (this.#capabilities = new Set(types.filter((type) => typeof type === "number")));
  }

  async change(method: VolumeMethod, request: object, options: VolumeCallOptions): Promise<void> {
    await this.#node.call(method, request, { ...options, timeoutMs: this.#limits.volumeMs });
  }

  [Symbol.dispose](): void {
    this.#identity[Symbol.dispose]();
    this.#node[Symbol.dispose]();
  }
}

function whereOf(name: string): string {
  return `the CSI driver "${name}"`;
}
