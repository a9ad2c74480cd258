import { X509Certificate } from "node:crypto";

import type { Kube } from "@krustlet/kube";
import { reviewAccess, reviewToken } from "@krustlet/kube";
import type { Kubelet, PodTransition } from "@krustlet/kubelet";
import { createKubeletMetrics, startHealthz, startKubeletApi } from "@krustlet/kubelet-api";
import type { HealthChecks, PodReader, ServingTls } from "@krustlet/kubelet-api";
import type { Logger } from "pino";

import { effectiveConfiguration } from "../config/effective-configuration.ts";
import type { NodeConfig } from "../config/settings.ts";
import { systemClock } from "@krustlet/clock";
import { version } from "../version.ts";
import { keepClientAuthority } from "./client-authority.ts";
import { kubeletVersion } from "./node-object.ts";
import type { ServingCertificate } from "./serving-certificate.ts";

/** What a node's servers tell. */
export interface ServingInit {
  readonly config: NodeConfig;
  /** The kubelet, once there is one. */
  readonly kubelet: () => Kubelet | undefined;
  readonly log: Logger;
  /** Throws where lines of the log are lost. */
  readonly checkLog: () => void;
}

/** What {@link serveApi} serves. */
export interface ServeApiInit extends ServingInit {
  readonly kube: Kube;
  readonly certificate: ServingCertificate;
  /** Until when the client certificate is good; undefined where that is not the node's to replace. */
  readonly clientCertificateUntil: () => Date | undefined;
}

/** Serves `/healthz` to whoever watches over the process, where the settings want it. @throws KrustletError `AddressInUse`. */
export async function serveHealthz(init: ServingInit): Promise<AsyncDisposable> {
  const { config, log } = init;
  const { healthzBindAddress: address, healthzPort: port } = config;
  if (port === 0) return new AsyncDisposableStack();
  const onWarning = (message: string): void => log.warn(message);
  return startHealthz({ address, port, healthChecks: healthChecksOf(init), clock: systemClock, onWarning });
}

function healthChecksOf({ checkLog, kubelet }: ServingInit): HealthChecks {
  return {
    log: checkLog,
    syncloop: () => {
      if (kubelet() === undefined) throw new Error("the pods are not followed yet");
    },
  };
}

/** The HTTPS API, where the settings want it. Disposing ends it. */
export interface ServedApi extends AsyncDisposable {
  /** The port of the HTTPS API; undefined where the settings want none. */
  readonly port: number | undefined;
  /** Counts a step of a pod for the metrics. */
  observe(step: PodTransition): void;
}

/**
 * Serves the kubelet's HTTPS API.
 * @throws KrustletError `AddressInUse`, `InvalidUsage`.
 */
export async function serveApi(init: ServeApiInit): Promise<ServedApi> {
  const { config, kube, certificate, kubelet, log } = init;
  await using opened = new AsyncDisposableStack();
  const onWarning = (message: string): void => log.warn(message);
  if (config.enableServer && config.clientCAFile === "") {
    log.warn("without --client-ca-file the API server cannot show who it is: kubectl logs will be refused");
  }
  const stopped = new AbortController();
  opened.defer(() => stopped.abort());
  const authority = await keepClientAuthority({
    clientCAFile: config.clientCAFile,
    clock: systemClock,
    log,
    signal: stopped.signal,
  });
  const pods = podReaderOf(kubelet);
  const metrics = createKubeletMetrics({
    nodeName: config.nodeName,
    version: kubeletVersion(version()),
    pods,
    clock: systemClock,
    certificates: {
      client: init.clientCertificateUntil,
      server: () => new X509Certificate(certificate.current().cert).validToDate,
    },
  });
  const api = config.enableServer
    ? opened.use(
        await startKubeletApi({
          address: config.address,
          port: config.port,
          nodeName: config.nodeName,
          tls: servingTls(certificate, authority),
          clock: systemClock,
          pods,
          metrics,
          usage: async () => (await kubelet()?.usage()) ?? [],
          authentication: {
            ...(config.tokenReview
              ? { reviewToken: (token, options) => reviewToken(kube, token, options) }
              : {}),
            cacheTtlMs: config.tokenReviewTTL,
          },
          authorization: {
            mode: "Webhook",
            reviewAccess: (attributes, options) => reviewAccess(kube, attributes, options),
            allowedTtlMs: config.authorizedTTL,
            deniedTtlMs: config.unauthorizedTTL,
          },
          healthChecks: healthChecksOf(init),
          configz: () => effectiveConfiguration(config),
          onWarning,
        }),
      )
    : undefined;
  const owned = opened.move();
  return {
    port: api?.port,
    observe: (step) => metrics.observe(step),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * The same object until something in it is another. Which authority names users is never guessed: that of the API
 * server's own certificate may be one that signs for many others.
 */
function servingTls(certificate: ServingCertificate, authority: () => string | undefined): () => ServingTls {
  let tls: ServingTls | undefined;
  return () => {
    const { key, cert } = certificate.current();
    const clientCa = authority();
    if (tls?.cert !== cert || tls.key !== key || tls.clientCa !== clientCa) {
      tls = clientCa === undefined ? { key, cert } : { key, cert, clientCa };
    }
    return tls;
  };
}

function podReaderOf(kubelet: () => Kubelet | undefined): PodReader {
  return {
    list: () => kubelet()?.pods() ?? [],
    running: () => kubelet()?.runningPods() ?? [],
    find: (namespace, name) => kubelet()?.findPod(namespace, name),
    logOf: (pod, container, containerID) => kubelet()?.logOf(pod, container, containerID),
  };
}
