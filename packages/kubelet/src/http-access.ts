import type { HttpAccess } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

/** The original Krustlet's names of the annotations come second. */
const ALLOWED_DOMAINS = ["krustlet.dev/allowed-domains", "alpha.wasi.krustlet.dev/allowed-domains"] as const;
const MAX_REQUESTS = [
  "krustlet.dev/max-concurrent-requests",
  "alpha.wasi.krustlet.dev/max-concurrent-requests",
] as const;

const ALLOW_ALL = "insecure:allow-all";
/** Where the pod does not say how many. */
const DEFAULT_REQUESTS = 64;
/** More than that no container has, whatever the pod says. */
const MOST_REQUESTS = 1024;
const MOST_DOMAINS = 256;

/**
 * Where the pod's containers may send HTTP requests by the host's functions; undefined, as without annotations: nowhere.
 * @throws KrustletError `InvalidField` for an annotation that says nothing of the kind.
 */
export function httpAccessOf(pod: V1Pod): HttpAccess | undefined {
  const domains = annotationOf(pod, ALLOWED_DOMAINS);
  const requests = annotationOf(pod, MAX_REQUESTS);
  const maxRequests = requests === undefined ? DEFAULT_REQUESTS : requestsOf(requests.name, requests.text);
  if (domains === undefined) return undefined;
  const listed = domainsOf(domains.name, domains.text);
  const origins = listed.includes(ALLOW_ALL) ? "all" : listed.map((each) => originOf(domains.name, each));
  return { origins, maxRequests };
}

function annotationOf(
  { metadata }: V1Pod,
  names: readonly string[],
): { readonly name: string; readonly text: string } | undefined {
  for (const name of names) {
    const text = metadata?.annotations?.[name];
    if (text !== undefined) return { name, text };
  }
  return undefined;
}

function requestsOf(name: string, text: string): number {
  if (!/^\d{1,10}$/u.test(text)) throw invalid(name, text, "it is no number of requests");
  return Math.min(Number(text), MOST_REQUESTS);
}

function domainsOf(name: string, text: string): readonly string[] {
  const found = parsed(text);
  if (!Array.isArray(found) || !found.every((each) => typeof each === "string")) {
    throw invalid(name, text, 'it is no JSON list of URLs, as ["https://example.com"]');
  }
  if (found.length > MOST_DOMAINS) throw invalid(name, text, `it has more than ${MOST_DOMAINS} URLs`);
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function originOf(name: string, text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw invalid(name, text, "it is no URL that begins with http:// or https://");
  }
  return url.origin;
}

function invalid(name: string, text: string, why: string): KrustletError {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return new KrustletError(
    "InvalidField",
    `metadata.annotations["${name}"] ${JSON.stringify(shown)}: ${why}`,
  );
}
