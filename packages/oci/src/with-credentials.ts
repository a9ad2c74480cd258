import { isKrustletError } from "@krustlet/interface";
import type { PullAccess, RegistryCredential } from "@krustlet/interface";

/** Codes after which another login may do better. Registries hide what a login may not see behind "not found". */
const NEXT = ["RegistryUnauthorized", "RegistryForbidden", "ImageNotFound"] as const;

/**
 * Tries `use` with each of the caller's credentials, then with each of the machine's, and without any if there is none.
 * Rejects with the first refusal when all are refused; other errors end it at once.
 */
export async function withCredentials<T>(
  own: readonly RegistryCredential[],
  machine: () => Promise<readonly RegistryCredential[]>,
  use: (credential: RegistryCredential | undefined, access: PullAccess) => Promise<T>,
): Promise<T> {
  let refusal: unknown;
  for (const credential of own) {
    try {
      return await use(credential, { by: "credential", credential });
    } catch (error) {
      if (!NEXT.some((code) => isKrustletError(error, code))) throw error;
      refusal ??= error;
    }
  }
  const others = await machine();
  if (others.length === 0 && own.length === 0) return use(undefined, { by: "machine" });
  for (const credential of others) {
    try {
      return await use(credential, { by: "machine" });
    } catch (error) {
      if (!NEXT.some((code) => isKrustletError(error, code))) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}
