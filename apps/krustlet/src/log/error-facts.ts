import { withoutSecrets } from "./without-secrets.ts";

const DEEPEST = 6;
const LONGEST = 2000;

/** What a log line tells of an error: never the error's own fields, which may hold a request with its token. */
export interface ErrorFacts {
  readonly message: string;
  readonly code?: string | number;
  /** Messages of its causes, the nearest first. */
  readonly causes?: readonly string[];
  readonly stack?: string;
}

/** Pure: what is told of an error; with `stack`, where it came from. */
export function errorFactsOf(error: unknown, withStack: boolean): ErrorFacts {
  if (!(error instanceof Error)) return { message: told(String(error)) };
  const message = told(error.message);
  const causes: string[] = [];
  for (let at = error.cause, depth = 0; at instanceof Error && depth < DEEPEST; at = at.cause, depth += 1) {
    // Most sentences say already what their cause says.
    const cause = told(at.message);
    if (![message, ...causes].some((said) => said.includes(cause))) causes.push(cause);
  }
  const code = "code" in error && (typeof error.code === "string" || typeof error.code === "number");
  return {
    message,
    ...(code ? { code: error.code as string | number } : {}),
    ...(causes.length === 0 ? {} : { causes }),
    ...(withStack && error.stack !== undefined ? { stack: told(error.stack) } : {}),
  };
}

function told(text: string): string {
  const clean = withoutSecrets(text);
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}
