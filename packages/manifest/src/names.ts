const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const PRINTABLE_NO_EQUALS = /^[\x20-\x3c\x3e-\x7e]+$/;
const PORT_NAME = /^[a-z0-9](?:-?[a-z0-9])*$/;

/** What is wrong with a name, or undefined. */
export type NameRule = (name: string) => string | undefined;

/** RFC 1123 labels: names of containers, volumes, namespaces. */
export const dnsLabelProblem: NameRule = (name) =>
  name.length <= 63 && LABEL.test(name)
    ? undefined
    : "must be at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit";

/** RFC 1123 subdomains: names of Pods and of most objects. */
export const dnsSubdomainProblem: NameRule = (name) =>
  name.length <= 253 && SUBDOMAIN.test(name)
    ? undefined
    : "must be at most 253 lower-case letters, digits, '-' and '.', and begin and end with a letter or digit";

/** Keys of labels and annotations: `[prefix/]name`. */
export const qualifiedNameProblem: NameRule = (key) => {
  const slash = key.indexOf("/");
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  const good = name.length <= 63 && QUALIFIED.test(name);
  if (good && (prefix === undefined || dnsSubdomainProblem(prefix) === undefined)) return undefined;
  return "the key must be a name of at most 63 letters, digits, '-', '_' and '.', after an optional DNS prefix and '/'";
};

/** Values of labels. */
export const labelValueProblem: NameRule = (value) =>
  value === "" || (value.length <= 63 && QUALIFIED.test(value))
    ? undefined
    : "must be at most 63 letters, digits, '-', '_' and '.', and begin and end with a letter or digit";

/** Keys of ConfigMaps and Secrets. */
export const configKeyProblem: NameRule = (key) => {
  const good = key.length <= 253 && CONFIG_KEY.test(key) && key !== "." && !key.startsWith("..");
  return good
    ? undefined
    : "the key must be at most 253 letters, digits, '-', '_' and '.', and not begin with '..'";
};

/** Names of environment variables. */
export const envNameProblem: NameRule = (name) =>
  PRINTABLE_NO_EQUALS.test(name) ? undefined : "must be printable ASCII characters without '='";

/** Names of ports, as IANA defines them for services. */
export const portNameProblem: NameRule = (name) =>
  name.length <= 15 && PORT_NAME.test(name) && /[a-z]/.test(name)
    ? undefined
    : "must be at most 15 lower-case letters, digits and single '-', with at least one letter";
