import { kubeLater, openKube } from "@krustlet/kube";
import type { Kube } from "@krustlet/kube";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { version } from "../version.ts";
import { bootstrapKubeconfig } from "./client-certificate.ts";

/** What {@link openOwnKube} goes by. */
export interface OwnKubeInit {
  readonly config: NodeConfig;
  readonly log: Logger;
  /** Ends the wait for a certificate. */
  readonly signal: AbortSignal;
}

/** A node's way to its API server. */
export interface OwnKube {
  readonly kube: Kube;
  /** Resolves once there is a kubeconfig; rejects where none can be had, or with the signal's reason. */
  readonly opened: Promise<void>;
}

/**
 * Opens the way to the API server by the node's kubeconfig. Where a certificate for one has yet to be signed, which may wait for
 * somebody's approval, it is opened then; calls until then find no API server, and nothing else of the node waits.
 * @throws KrustletError `InvalidKubeconfig`, `InvalidObject`, `InvalidField` for files that are not as they have to be.
 */
export async function openOwnKube({ config, log, signal }: OwnKubeInit): Promise<OwnKube> {
  const asking = Promise.withResolvers<undefined>();
  const open = async (): Promise<Kube> => {
    await bootstrapKubeconfig({ config, log, signal, onAsking: () => asking.resolve(undefined) });
    return openKube({
      kubeconfig: config.kubeconfig,
      userAgent: `krustlet/${version()}`,
      limit:
        config.kubeAPIQPS === 0 ? undefined : { perSecond: config.kubeAPIQPS, burst: config.kubeAPIBurst },
    });
  };
  const opening = open();
  const kube = (await Promise.race([opening, asking.promise])) ?? kubeLater(opening);
  const opened = opening.then(() => undefined);
  // Nobody waits for it yet.
  opened.catch(() => undefined);
  return { kube, opened };
}
