import { KrustletError } from "@krustlet/interface";

import type { ByteSink } from "./cli-host.ts";
import { reasonOf } from "./run-options.ts";

/**
 * What is said of output that could not be written; undefined where whoever read it has closed it on purpose: `krustlet …
 * | head` has seen enough. `of` is `output` or `error`.
 */
export function lostOutput(cause: Error, of = "output"): KrustletError | undefined {
  if ("code" in cause && cause.code === "EPIPE") return undefined;
  return new KrustletError("NoSpace", `standard ${of} cannot be written: ${reasonOf(cause)}`, { cause });
}

/** That of what was written to `sink` so far; undefined where nothing was lost. */
export async function lostOutputOf(sink: ByteSink): Promise<KrustletError | undefined> {
  const cause = await Promise.race([sink.failed, Promise.resolve(undefined)]);
  return cause && lostOutput(cause);
}
