import { KrustletError } from "@krustlet/interface";
import type { Cancellable } from "@krustlet/interface";
import type { V1Pod, V1ServiceAccountTokenProjection, V1VolumeProjection } from "@kubernetes/client-node";

import { payloadOf } from "../payload.ts";
import type { PayloadFile } from "../payload.ts";
import { namespaceOf } from "../pod-text.ts";
import type { VolumeContext, VolumePlugin } from "../volume-plugin.ts";
import { downwardFiles } from "./downward-files.ts";
import { fetchConfigMap, fetchSecret } from "./fetch-files.ts";
import { payloadVolume } from "./payload-volume.ts";

type Files = readonly (readonly [string, PayloadFile])[];

/** `projected`: several sources in one directory; of two files with one path the later source's counts. */
export const projectedVolume: VolumePlugin = {
  kind: "projected",
  directoryName: "kubernetes.io~projected",
  prepare(place, context, options) {
    const { where, volume } = place;
    const { sources, defaultMode } = volume.projected ?? {};
    return payloadVolume(place, context, options, async (pod, { signal }) => {
      const files: (readonly [string, PayloadFile])[] = [];
      for (const source of sources ?? []) {
        files.push(...(await filesOf(source, context, { pod, defaultMode, where, signal })));
      }
      return payloadOf(files, where);
    });
  },
};

interface SourceInit extends Cancellable {
  readonly pod: V1Pod;
  readonly defaultMode?: number;
  readonly where: string;
}

async function filesOf(source: V1VolumeProjection, context: VolumeContext, init: SourceInit): Promise<Files> {
  const { objects, nodeOf } = context;
  if (source.configMap !== undefined) return fetchConfigMap(source.configMap, { ...init, objects });
  if (source.secret !== undefined) return fetchSecret(source.secret, { ...init, objects });
  if (source.downwardAPI !== undefined) {
    return downwardFiles(source.downwardAPI.items, { ...init, node: nodeOf(init.pod) });
  }
  if (source.serviceAccountToken !== undefined) {
    return [await tokenFile(source.serviceAccountToken, context, init)];
  }
  const [kind = "nothing"] = Object.keys(source);
  throw new KrustletError(
    "UnsupportedField",
    `${init.where}: the projected source "${kind}" is not supported`,
  );
}

const LEAST_EXPIRATION_SECONDS = 600;

async function tokenFile(
  { path, audience, expirationSeconds = 3600 }: V1ServiceAccountTokenProjection,
  { tokens }: VolumeContext,
  { pod, defaultMode = 0o644, where, signal }: SourceInit,
): Promise<readonly [string, PayloadFile]> {
  if (tokens === undefined) {
    const sentence = "a service account token needs an API server, and there is none";
    throw new KrustletError("UnsupportedField", `${where}: ${sentence}`);
  }
  if (!(expirationSeconds >= LEAST_EXPIRATION_SECONDS)) {
    const sentence = `expirationSeconds of a token must be at least ${LEAST_EXPIRATION_SECONDS}`;
    throw new KrustletError("InvalidField", `${where}: ${sentence}`);
  }
  const { name = "", uid = "" } = pod.metadata ?? {};
  const request = {
    namespace: namespaceOf(pod),
    serviceAccount: pod.spec?.serviceAccountName || "default",
    audiences: audience ? [audience] : [],
    expirationSeconds,
    pod: { name, uid },
  };
  const token = await tokens(request, { signal });
  return [path, { bytes: Buffer.from(token, "utf8"), mode: isForOneUser(pod) ? 0o600 : defaultMode }];
}

/** Whether the pod says whose its files are; a token is then for nobody else. */
function isForOneUser({ spec }: V1Pod): boolean {
  if (spec?.securityContext?.fsGroup !== undefined) return true;
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const users = new Set(
    containers.map((each) => each.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser),
  );
  return users.size === 1 && !users.has(undefined);
}
