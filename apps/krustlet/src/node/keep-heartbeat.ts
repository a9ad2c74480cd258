import type { EventRecorder } from "@krustlet/kube";
import { keepLease, reportNodeStatus } from "@krustlet/node";
import type { NodeClient } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { recordNodeEvent } from "./record-events.ts";

/** What {@link keepHeartbeat} keeps going. */
export interface HeartbeatInit {
  readonly config: NodeConfig;
  readonly client: NodeClient;
  readonly compute: (existing?: V1Node) => Promise<V1Node>;
  readonly newestNode: () => V1Node;
  /** Calls `tell` when the status is another before its time. Returns how to stop that. */
  readonly onChange: (tell: () => void) => () => void;
  readonly recorder: EventRecorder;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Renews a node's Lease and posts its status, side by side, until the signal is aborted; then it resolves. */
export async function keepHeartbeat(init: HeartbeatInit): Promise<void> {
  const { config, client, newestNode, recorder, log, signal } = init;
  const { nodeName } = config;
  await Promise.all([
    keepLease(client, {
      nodeName,
      nodeUid: () => newestNode().metadata?.uid,
      durationSeconds: config.nodeLeaseDurationSeconds,
      signal,
      onFailure: (err) => log.warn({ err }, "the Lease cannot be renewed"),
    }),
    reportNodeStatus(client, {
      nodeName,
      compute: init.compute,
      observed: newestNode,
      onChange: init.onChange,
      updatePeriodMs: config.nodeStatusUpdateFrequency,
      reportPeriodMs: config.nodeStatusReportFrequency,
      signal,
      onReported: ({ why }) => log.trace({ why }, "the Node's status is posted"),
      onEvent: (event) => {
        log.info({ reason: event.reason }, event.message);
        recordNodeEvent(recorder, nodeName, event);
      },
      onFailure: (err) => log.warn({ err }, "the Node's status cannot be posted"),
    }),
  ]);
}
