import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Lets the threads that are started from now on keep what Node made of their TypeScript sources. Each of them would
 * otherwise strip and compile some eighty files anew, which takes five times as long as the rest of its start.
 */
export function useCompileCache(): void {
  process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "krustlet-compile-cache");
}
