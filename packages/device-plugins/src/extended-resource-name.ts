const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/u;
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/u;
const LONGEST_NAME = 63;
/** A domain's 253, without the `requests.` before it by which quotas name the resource. */
const LONGEST_DOMAIN = 253 - "requests.".length;

/**
 * Whether Kubernetes takes a text for the name of an extended resource: `example.com/gpu`, a domain and a name, of
 * which the domain is none of Kubernetes' own.
 */
export function isExtendedResourceName(text: string): boolean {
  const slash = text.indexOf("/");
  const domain = text.slice(0, Math.max(slash, 0));
  const name = text.slice(slash + 1);
  return (
    domain.length <= LONGEST_DOMAIN &&
    DOMAIN.test(domain) &&
    name.length <= LONGEST_NAME &&
    NAME.test(name) &&
    domain !== "kubernetes.io" &&
    !domain.endsWith(".kubernetes.io") &&
    !domain.startsWith("requests.")
  );
}
