import type { Kube } from "@krustlet/kube";
import { reviewAccess, reviewToken } from "@krustlet/kube";
import type { Kubelet } from "@krustlet/kubelet";
import { startHealthz, startKubeletApi } from "@krustlet/kubelet-api";
import type { HealthChecks, PodReader, ServingTls } from "@krustlet/kubelet-api";
import type { Logger } from "pino";

import { effectiveConfiguration } from "../config/effective-configuration.ts";
import type { NodeConfig } from "../config/settings.ts";
import { systemClock } from "../system-clock.ts";
import { readPem } from "./serving-certificate.ts";
import type { ServingCertificate } from "./serving-certificate.ts";

/** What {@link serveApi} serves. */
export interface ServeApiInit {
  readonly config: NodeConfig;
  readonly kube: Kube;
  readonly certificate: ServingCertificate;
  /** The kubelet, once there is one. */
  readonly kubelet: () => Kubelet | undefined;
  readonly log: Logger;
}

/** The node's servers. Disposing ends them. */
export interface ServedApi extends AsyncDisposable {
  /** The port of the HTTPS API; undefined where the settings want none. */
  readonly port: number | undefined;
}

/**
 * Serves the kubelet's HTTPS API and, beside it, `/healthz`.
 * @throws KrustletError `AddressInUse`, `InvalidUsage`.
 */
export async function serveApi({
  config,
  kube,
  certificate,
  kubelet,
  log,
}: ServeApiInit): Promise<ServedApi> {
  await using opened = new AsyncDisposableStack();
  const onWarning = (message: string): void => log.warn(message);
  const healthChecks: HealthChecks = {
    log: () => undefined,
    syncloop: () => {
      if (kubelet() === undefined) throw new Error("the pods are not followed yet");
    },
  };
  if (config.healthzPort !== 0) {
    const { healthzBindAddress: address, healthzPort: port } = config;
    opened.use(await startHealthz({ address, port, healthChecks, clock: systemClock, onWarning }));
  }
  const api = config.enableServer
    ? opened.use(
        await startKubeletApi({
          address: config.address,
          port: config.port,
          nodeName: config.nodeName,
          tls: await servingTls(config, kube, certificate),
          clock: systemClock,
          pods: podReaderOf(kubelet),
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
          healthChecks,
          configz: () => effectiveConfiguration(config),
          onWarning,
        }),
      )
    : undefined;
  const owned = opened.move();
  return { port: api?.port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The same object until the certificate is another one. */
async function servingTls(
  config: NodeConfig,
  kube: Kube,
  certificate: ServingCertificate,
): Promise<() => ServingTls> {
  const given =
    config.clientCAFile === "" ? undefined : await readPem("--client-ca-file", config.clientCAFile);
  const clientCa = given ?? kube.certificateAuthority;
  let tls: ServingTls | undefined;
  return () => {
    const { key, cert } = certificate.current();
    if (tls?.cert !== cert || tls.key !== key) {
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
