import { readFile, stat } from "node:fs/promises";

import { KrustletError } from "@krustlet/interface";
import { keepCertificate } from "@krustlet/node";
import type { NodeClient } from "@krustlet/node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { reasonOf } from "../run-options.ts";
import { systemClock } from "@krustlet/clock";
import { every } from "./every.ts";

/** A key and a certificate, PEM. */
interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** The serving certificate of a node: which one to use now. */
export interface ServingCertificate {
  /** The same object until there is another one. */
  current(): KeyPair;
}

/** What {@link keepServingCertificate} needs. */
export interface ServingCertificateInit {
  readonly config: NodeConfig;
  /** The node's names and addresses. */
  readonly addresses: readonly string[];
  readonly client: NodeClient;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** How often files are looked at again. */
const LOOK_EVERY_MS = 60_000;

/**
 * The serving certificate, kept good until the signal is aborted: that of the files which the settings name, read again as
 * they change; else one that the cluster signs, and one that the node signed itself until then.
 * @throws KrustletError `InvalidUsage` where the files cannot be read.
 */
export function keepServingCertificate(init: ServingCertificateInit): Promise<ServingCertificate> {
  return init.config.tlsCertFile === "" ? ofCluster(init) : ofFiles(init);
}

async function ofFiles({ config, log, signal }: ServingCertificateInit): Promise<ServingCertificate> {
  let pair = await readPair(config);
  let changedAt = await changeOf(config);
  void every({
    ms: LOOK_EVERY_MS,
    clock: systemClock,
    signal,
    work: async () => {
      const now = await changeOf(config);
      if (now === changedAt) return;
      pair = await readPair(config);
      changedAt = now;
      log.info({ certificate: config.tlsCertFile }, "the serving certificate is another one");
    },
    onError: (err) => log.warn({ err }, "the serving certificate cannot be read again"),
  });
  return { current: () => pair };
}

async function readPair({ tlsCertFile, tlsPrivateKeyFile }: NodeConfig): Promise<KeyPair> {
  return {
    cert: await readPem("--tls-cert-file", tlsCertFile),
    key: await readPem("--tls-private-key-file", tlsPrivateKeyFile),
  };
}

async function changeOf({ tlsCertFile, tlsPrivateKeyFile }: NodeConfig): Promise<string> {
  const [cert, key] = await Promise.all([stat(tlsCertFile), stat(tlsPrivateKeyFile)]);
  return `${cert.mtimeMs} ${cert.ino} ${key.mtimeMs} ${key.ino}`;
}

/** The text of a file that a flag names. @throws KrustletError `InvalidUsage` where it cannot be read. */
export async function readPem(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new KrustletError("InvalidUsage", `${flag} ${path} cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

async function ofCluster(init: ServingCertificateInit): Promise<ServingCertificate> {
  const { config, addresses, client, log, signal } = init;
  const first = Promise.withResolvers<void>();
  let pair: KeyPair | undefined;
  void keepCertificate(() => client, {
    use: "serving",
    nodeName: config.nodeName,
    directory: config.certDir,
    addresses: () => addresses,
    request: config.serverTLSBootstrap,
    signal,
    onCertificate: ({ certificate, key, notAfter, from }) => {
      pair = { cert: certificate, key };
      log.info({ from, notAfter }, "the serving certificate is there");
      first.resolve();
    },
    onPending: (name) =>
      log.info(`the serving certificate waits for approval: kubectl certificate approve ${name}`),
    onFailure: (err) => log.warn({ err }, "the serving certificate cannot be had yet"),
  }).catch((error: unknown) => first.reject(error));
  await first.promise;
  return {
    current: () => {
      if (pair === undefined) throw new Error("there is no serving certificate");
      return pair;
    },
  };
}
