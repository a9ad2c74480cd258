import { systemClock } from "@krustlet/clock";
import type { Kubelet } from "@krustlet/kubelet";
import { collectGarbage } from "@krustlet/runtime-wasi";
import type { Logger } from "pino";

import type { ComposedNode } from "../compose-node.ts";
import type { NodeConfig } from "../config/settings.ts";
import { rotateClientCertificate } from "./client-certificate.ts";
import { collectImages } from "./collect-images.ts";
import { keepHeartbeat } from "./keep-heartbeat.ts";
import type { KnownNode, PreparedNode } from "./prepare-node.ts";
import { releaseMemoryWhenQuiet } from "./release-memory.ts";
import { watchLoopDelay } from "./watch-loop-delay.ts";

/** What {@link keepNode} keeps going. */
export interface KeepNodeInit {
  readonly config: NodeConfig;
  readonly node: ComposedNode;
  readonly prepared: PreparedNode;
  /** Is told until when the client certificate is good. */
  readonly known: KnownNode;
  readonly running: Pick<Kubelet, "transitions$" | "pods">;
  readonly log: Logger;
  /** Aborted: the node stops. */
  readonly signal: AbortSignal;
  /** Aborted: its last pod has ended. */
  readonly ended: AbortSignal;
}

/** What a registered node does besides running pods. */
export interface KeptNode {
  /** Lease and status, until the last pod has ended. */
  readonly heartbeat: Promise<void>;
  /** All else, until the node stops. */
  readonly chores: Promise<unknown>;
}

/** Begins what a registered node does from time to time. What fails, fails its promise, and whoever waits for it is told. */
export function keepNode(init: KeepNodeInit): KeptNode {
  const { config, node, prepared, known, running, log, signal, ended } = init;
  const { client, kube, images, recorder, devices } = node;
  const { compute, newest, evictor } = prepared;
  const heartbeat = keepHeartbeat({
    config,
    client,
    compute,
    newestNode: newest,
    onChange: (tell) => {
      const stops = [devices.onChange(tell), evictor.onChange(tell)];
      return () => stops.forEach((stop) => stop());
    },
    recorder,
    log,
    signal: ended,
  });
  const chores = [
    rotateClientCertificate(
      { config, log, signal, onKept: (until) => (known.clientCertificateUntil = until) },
      kube,
    ),
    collectImages(images, { config, pods: () => running.pods(), log, signal }),
    watchLoopDelay(log, signal),
    releaseMemoryWhenQuiet({
      steps$: running.transitions$,
      clock: systemClock,
      signal,
      release: collectGarbage,
      onError: (err) => log.warn({ err }, "memory cannot be given back"),
    }),
  ];
  // What ends before somebody waits for it is seen then.
  for (const each of [heartbeat, ...chores]) each.catch(() => undefined);
  return { heartbeat, chores: Promise.all(chores) };
}
