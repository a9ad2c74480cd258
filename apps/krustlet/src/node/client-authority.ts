import { stat } from "node:fs/promises";

import type { Clock } from "@krustlet/interface";
import type { Logger } from "pino";

import { every } from "./every.ts";
import { readPem } from "./serving-certificate.ts";

/** What {@link keepClientAuthority} needs. */
export interface ClientAuthorityInit {
  /** The file with the authorities; empty: none. */
  readonly clientCAFile: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** How often the file is looked at again. */
const LOOK_EVERY_MS = 60_000;

/**
 * The authorities that name users, read again as their file changes, until the signal is aborted; a file that cannot be
 * read then changes nothing.
 * @throws KrustletError `InvalidUsage` where it cannot be read at first.
 */
export async function keepClientAuthority(init: ClientAuthorityInit): Promise<() => string | undefined> {
  const { clientCAFile: path, clock, log, signal } = init;
  if (path === "") return () => undefined;
  const read = (): Promise<string> => readPem("--client-ca-file", path);
  let authorities = await read();
  let changedAt = await changeOf(path);
  void every({
    ms: LOOK_EVERY_MS,
    clock,
    signal,
    work: async () => {
      const now = await changeOf(path);
      if (now === changedAt) return;
      authorities = await read();
      changedAt = now;
      log.info({ file: path }, "the authorities of client certificates are others");
    },
    onError: (err) => log.warn({ err }, "the authorities of client certificates cannot be read again"),
  });
  return () => authorities;
}

async function changeOf(path: string): Promise<string> {
  const { mtimeMs, ino, size } = await stat(path);
  return `${mtimeMs} ${ino} ${size}`;
}
