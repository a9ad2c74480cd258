import { join } from "node:path";

/**
 * Pure: where what is built once for all checkouts is kept: `KRUSTLET_CACHE`, or `krustlet` in the user's cache
 * directory. Nothing in it is precious: whoever deletes it waits for the next build.
 */
export function cacheDirectoryOf(environment: NodeJS.ProcessEnv, home: string): string {
  const own = environment["KRUSTLET_CACHE"];
  if (own !== undefined && own !== "") return own;
  const users = environment["XDG_CACHE_HOME"];
  return join(users === undefined || users === "" ? join(home, ".cache") : users, "krustlet");
}
