import type { RegistryCredential } from "@krustlet/interface";
import type { Reference } from "./reference.ts";

interface Key {
  readonly text: string;
  readonly labels: readonly string[];
  readonly port: string;
  readonly path: string;
}

/** A docker config key as host labels, port and path; `https://` and a leading `/v1/` or `/v2/` do not count. */
function keyOf(registry: string): Key {
  const bare = registry.trim().replace(/^https?:\/\//i, "");
  const slash = bare.indexOf("/");
  const authority = (slash === -1 ? bare : bare.slice(0, slash)).toLowerCase();
  const path = (slash === -1 ? "" : bare.slice(slash)).replace(/^\/v[12](?=\/|$)/, "").replace(/\/+$/, "");
  const [, host = authority, port = ""] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  return { text: authority + path, labels: host.split("."), port, path };
}

/** Whether `glob`, in which `*` and `?` are wild, is all of `label`. Linear: one place to go back to. */
function matchesGlob(glob: string, label: string): boolean {
  let [at, from, star, mark] = [0, 0, -1, 0];
  while (from < label.length) {
    if (at < glob.length && glob[at] === "*") [star, mark, at] = [at, from, at + 1];
    else if (at < glob.length && (glob[at] === "?" || glob[at] === label[from]))
      [at, from] = [at + 1, from + 1];
    else if (star !== -1) [at, mark, from] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (glob[at] === "*") at += 1;
  return at === glob.length;
}

function matches(key: Key, reference: Reference): boolean {
  const image = keyOf(`${reference.registry}/${reference.repository}`);
  // The repository is compared as it is: "v1/x" is a name there, not a version of the API.
  const path = `/${reference.repository}`;
  if (key.port !== image.port || key.labels.length !== image.labels.length) return false;
  return (
    key.labels.every((glob, at) => matchesGlob(glob, image.labels[at] ?? "")) && path.startsWith(key.path)
  );
}

/**
 * Those of `credentials` that are meant for the image, longest key first, by the kubelet's rules: as many host labels as
 * the registry has, each a glob; the same port; the key's path a prefix of the repository's. Docker Hub also answers to
 * `index.docker.io`.
 */
export function matchCredentials(
  reference: Reference,
  credentials: readonly RegistryCredential[],
): readonly RegistryCredential[] {
  const keyed = credentials
    .map((credential) => ({ credential, key: keyOf(credential.registry) }))
    .toSorted((a, b) => (a.key.text < b.key.text ? 1 : a.key.text > b.key.text ? -1 : 0));
  const own = keyed.filter(({ key }) => matches(key, reference));
  const found =
    own.length > 0 || reference.registry !== "docker.io"
      ? own
      : keyed.filter(({ key }) => ["index.docker.io", "registry-1.docker.io"].includes(key.text));
  return found.map(({ credential }) => credential);
}
