import { createHmac, randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import type { PullAccess, RegistryCredential } from "@krustlet/interface";
import type { RecordedAccess } from "./image-record.ts";

/** How many credentials are remembered for an image; the one that was accepted longest ago is forgotten first. */
const MAX_CREDENTIALS = 64;

/** The key under which this store's fingerprints are made; written once, by whichever process comes first. */
export async function readSalt(path: string, fresh: (kind: string) => string): Promise<Buffer> {
  for (;;) {
    const found = await readFile(path).catch(() => undefined);
    if (found !== undefined && found.length >= 32) return found;
    if (found !== undefined) await rm(path, { force: true });
    const temporary = fresh("salt");
    await writeFile(temporary, randomBytes(32), { mode: 0o600 });
    // Unlike a rename, a link does not replace what another process has put there.
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await rm(temporary, { force: true });
  }
}

/** What stands for a credential on disk: nobody can tell the credential from it. */
export function fingerprintOf(credential: RegistryCredential, salt: Buffer): string {
  const { username = "", password = "", identityToken = "", registryToken = "" } = credential;
  const secret = JSON.stringify([username, password, identityToken, registryToken]);
  return createHmac("sha256", salt).update(secret).digest("hex");
}

/** Whether the holder of `fingerprints` may use an image without the registry being asked. */
export function mayUse(access: RecordedAccess, fingerprints: readonly string[]): boolean {
  return access.machine || fingerprints.some((fingerprint) => access.credentials.includes(fingerprint));
}

/** `before` and what the registry has granted now. */
export function withAccess(
  before: RecordedAccess | undefined,
  granted: PullAccess,
  salt: Buffer,
): RecordedAccess {
  const old = before ?? { machine: false, credentials: [] };
  if (granted.by === "machine") return { ...old, machine: true };
  const fingerprint = fingerprintOf(granted.credential, salt);
  const others = old.credentials.filter((known) => known !== fingerprint);
  return { machine: old.machine, credentials: [...others, fingerprint].slice(-MAX_CREDENTIALS) };
}
