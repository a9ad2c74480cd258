import { within } from "@krustlet/clock";
import type { Cancellable, Clock } from "@krustlet/interface";

/** Passes by returning or resolving; throws or rejects with what is wrong. */
export type HealthCheck = (options: Cancellable) => void | Promise<void>;

/** What is looked at, apart from whether the server answers at all. */
export interface HealthChecks {
  /** Whether the node's log can be written. */
  readonly log: HealthCheck;
  /** Whether the loop that tends the pods goes round. */
  readonly syncloop: HealthCheck;
}

/** What a check came to. */
export interface HealthResult {
  readonly name: string;
  /** What is wrong; undefined: nothing. */
  readonly failure?: string;
}

/** A check that takes longer has failed. */
const LONGEST_CHECK_MS = 5000;

/** The names of all checks, in their order. */
export const HEALTH_CHECKS: readonly ("ping" | keyof HealthChecks)[] = ["ping", "log", "syncloop"];

/** Runs one check. Never rejects. */
export async function runHealthCheck(
  name: (typeof HEALTH_CHECKS)[number],
  checks: HealthChecks,
  clock: Clock,
): Promise<HealthResult> {
  if (name === "ping") return { name };
  const late = (): never => {
    throw new Error("it took too long");
  };
  try {
    await within({ clock, ms: LONGEST_CHECK_MS, late }, async (signal) => checks[name]({ signal }));
    return { name };
  } catch (error) {
    return { name, failure: error instanceof Error ? error.message : String(error) };
  }
}
