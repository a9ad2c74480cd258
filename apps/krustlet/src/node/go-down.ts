import type { EventRecorder } from "@krustlet/kube";
import { shutdownPeriodsOf } from "@krustlet/kubelet";
import type { Kubelet, ShutdownPeriod } from "@krustlet/kubelet";
import { planNodeUpdate } from "@krustlet/node";
import type { NodeClient } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { recordNodeEvent } from "./record-events.ts";
import type { RegisteredNode } from "./register-own-node.ts";

/** Why a node that goes down takes no pods, in the kubelet's words. */
export const GOING_DOWN = "node is shutting down";

/** What {@link goDown} ends, and who is told. */
export interface GoDownInit {
  readonly config: NodeConfig;
  readonly kubelet: Pick<Kubelet, "shutDown">;
  readonly client: Pick<NodeClient, "patchNodeStatus">;
  readonly recorder: EventRecorder;
  /** Absent: the API server knows of no Node yet. */
  readonly node: RegisteredNode | undefined;
  /** The Node as it should be from now on. */
  readonly compute: (existing?: V1Node) => Promise<V1Node>;
  readonly log: Logger;
}

/** Pure: how long pods have when their node goes down; none where they stay wanted. */
export function downPeriodsOf(config: NodeConfig): readonly ShutdownPeriod[] {
  const { shutdownGracePeriod: total, shutdownGracePeriodCriticalPods: critical } = config;
  const byPriority = config.shutdownGracePeriodByPodPriority;
  return byPriority.length > 0 ? byPriority : shutdownPeriodsOf(total / 1000, critical / 1000);
}

/**
 * Ends the pods of a node for good, where its settings give them a time for it; else nothing is done: they stay wanted, and
 * the next process takes them up. The Node says first that it is not ready any more, so that nothing more is placed on it.
 */
export async function goDown(init: GoDownInit): Promise<void> {
  const { config, kubelet, recorder, log } = init;
  const periods = downPeriodsOf(config);
  if (periods.length === 0) return;
  log.info({ periods }, "the node goes down: its pods end");
  const message = "Shutdown manager detected shutdown event";
  recordNodeEvent(recorder, config.nodeName, { type: "Normal", reason: "NodeShutdown", message });
  await Promise.all([
    tellNotReady(init).catch((err: unknown) => log.warn({ err }, "the Node cannot say that it goes down")),
    kubelet.shutDown(periods),
  ]);
}

async function tellNotReady({ config, client, node, compute }: GoDownInit): Promise<void> {
  if (node === undefined) return;
  const existing = node.newest();
  const patch = planNodeUpdate(existing, await compute(existing));
  if (patch !== undefined) await client.patchNodeStatus(config.nodeName, patch);
}
