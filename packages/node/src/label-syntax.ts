const NAME = /^[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** Whether `text` is a DNS subdomain (RFC 1123), which names of nodes and prefixes of label keys are. */
export function isSubdomain(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text);
}

/** Whether `key` may be the key of a label or taint: `[prefix/]name`. */
export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf("/");
  return NAME.test(key.slice(slash + 1)) && (slash === -1 || isSubdomain(key.slice(0, slash)));
}

/** Whether `value` may be the value of a label or taint. */
export function isLabelValue(value: string): boolean {
  return value === "" || NAME.test(value);
}
