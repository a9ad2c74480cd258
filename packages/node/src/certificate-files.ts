import type { KeyObject } from "node:crypto";
import { randomUUID } from "node:crypto";
import { readdir, rename, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { isKrustletError } from "@krustlet/interface";
import type { CertificateUse } from "./build-certificate-request.ts";
import type { StoredCertificate } from "./node-key.ts";
import { loadCertificate, loadOrCreateKey, storeCertificate } from "./node-key.ts";
import { syncDirectory } from "./write-private-file.ts";

/** The kubelet's names: `kubelet-client-current.pem`, `kubelet-server-current.pem`. */
const PREFIXES: Readonly<Record<CertificateUse, string>> = {
  client: "kubelet-client",
  serving: "kubelet-server",
};

/** How many certificates of a node stay on disk: the current one and the one before. */
const KEPT = 2;

/** The certificate of a node and the keys of those it asks for, in the kubelet's files. */
export interface CertificateFiles {
  /** `<directory>/kubelet-client-current.pem`: a link to the newest certificate and its key. */
  readonly currentPath: string;
  /**
   * The current certificate; undefined where there is none.
   *
   * @throws KrustletError `InvalidObject` where its file is damaged.
   */
  load(): Promise<StoredCertificate | undefined>;
  /**
   * Makes a certificate the current one, so that a kill at any moment leaves the old one or the new one. Those before
   * the last one are removed, with their keys.
   */
  store(certificate: string, key: KeyObject, now: Date): Promise<void>;
  /** The key of a request that waits, made where there is none: a restart takes the request up. */
  pendingKey(): Promise<KeyObject>;
  /** The next {@link pendingKey} is another one. */
  dropPendingKey(): Promise<void>;
}

/** The files of a node's certificate in a directory such as `/var/lib/krustlet/pki`. */
export function certificateFilesOf(directory: string, use: CertificateUse): CertificateFiles {
  const prefix = PREFIXES[use];
  const currentPath = join(directory, `${prefix}-current.pem`);
  const keyPath = join(directory, `${prefix}.key.tmp`);

  /** `kubelet-client-2026-01-31-23-59-59.pem`, and what a kill left of its writing. */
  const dated = new RegExp(`^${prefix}-\\d{4}(?:-\\d\\d){5}\\.pem(?:\\..*)?$`);
  /** What a kill left of the writing of a key that waits, or of the link to the current certificate. */
  const begun = new RegExp(`^${prefix}(?:\\.key\\.tmp|-current\\.pem)\\..+\\.tmp$`);

  async function removeOld(newest: string): Promise<void> {
    const names = (await readdir(directory))
      .filter((name) => dated.test(name) || begun.test(name))
      .toSorted();
    const whole = names.filter((name) => name.endsWith(".pem") && name <= newest).slice(-KEPT);
    for (const name of names) if (!whole.includes(name)) await rm(join(directory, name), { force: true });
  }

  return {
    currentPath,
    load: () => loadCertificate(currentPath),
    async store(certificate, key, now) {
      const stamp = now.toISOString().slice(0, 19).replaceAll(/[T:]/g, "-");
      const path = join(directory, `${prefix}-${stamp}.pem`);
      await storeCertificate(path, certificate, key);
      const link = `${currentPath}.${randomUUID()}.tmp`;
      await symlink(basename(path), link);
      await rename(link, currentPath);
      await syncDirectory(directory);
      await removeOld(basename(path));
    },
    async pendingKey() {
      try {
        return await loadOrCreateKey(keyPath);
      } catch (error) {
        if (!isKrustletError(error, "InvalidObject")) throw error;
        await rm(keyPath, { force: true });
        return loadOrCreateKey(keyPath);
      }
    },
    dropPendingKey: () => rm(keyPath, { force: true }),
  };
}
