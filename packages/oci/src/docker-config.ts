import { KrustletError } from "@krustlet/interface";
import type { RegistryCredential } from "@krustlet/interface";

/** What of docker's `config.json` says how to log in. */
export interface DockerConfig {
  readonly auths: readonly RegistryCredential[];
  /** Registry host → name of its credential helper. */
  readonly credHelpers: Readonly<Record<string, string>>;
  /** Helper for every other registry. */
  readonly credsStore?: string;
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

function parseObject(text: string, source: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message would quote the text, which holds passwords.
    throw new KrustletError("InvalidObject", `${source} is no JSON`);
  }
  if (!isRecord(json)) throw new KrustletError("InvalidObject", `${source} is no JSON object`);
  return json;
}

/**
 * Parses docker's `config.json`, which is also what a `kubernetes.io/dockerconfigjson` Secret holds. `source` names it.
 * @throws KrustletError `InvalidObject` that names the entry, and never quotes it.
 */
export function parseDockerConfig(text: string, source: string): DockerConfig {
  const json = parseObject(text, source);
  const auths = json["auths"] ?? {};
  if (!isRecord(auths)) throw new KrustletError("InvalidObject", `${source}: "auths" is no object`);
  const helpers = json["credHelpers"] ?? {};
  if (!isRecord(helpers)) throw new KrustletError("InvalidObject", `${source}: "credHelpers" is no object`);
  const credsStore = textOf(json["credsStore"]);
  return {
    auths: parseAuths(auths, source),
    credHelpers: Object.fromEntries(
      Object.entries(helpers).filter((entry): entry is [string, string] => textOf(entry[1]) !== undefined),
    ),
    ...(credsStore === undefined ? {} : { credsStore }),
  };
}

/** Parses the old flat form, which a `kubernetes.io/dockercfg` Secret holds. Errors as {@link parseDockerConfig}. */
export function parseDockercfg(text: string, source: string): readonly RegistryCredential[] {
  return parseAuths(parseObject(text, source), source);
}

function parseAuths(auths: Json, source: string): readonly RegistryCredential[] {
  return Object.entries(auths).flatMap(([registry, entry]) => {
    const where = `${source}: the entry for ${JSON.stringify(registry.slice(0, 200))}`;
    if (!isRecord(entry)) throw new KrustletError("InvalidObject", `${where} is no object`);
    return credentialOf(registry, entry, where);
  });
}

function credentialOf(registry: string, entry: Json, where: string): readonly RegistryCredential[] {
  const auth = textOf(entry["auth"]);
  const decoded = auth === undefined ? undefined : decodeAuth(auth, where);
  const username = decoded?.username ?? textOf(entry["username"]);
  const password = decoded?.password ?? textOf(entry["password"]);
  const identityToken = textOf(entry["identitytoken"]);
  const registryToken = textOf(entry["registrytoken"]);
  // With a credential store, docker leaves an empty entry behind.
  if (username === undefined && identityToken === undefined && registryToken === undefined) return [];
  return [
    {
      registry,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(identityToken === undefined ? {} : { identityToken }),
      ...(registryToken === undefined ? {} : { registryToken }),
    },
  ];
}

function decodeAuth(auth: string, where: string): { username: string; password: string } {
  const trimmed = auth.trim();
  const colonAt = /^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed)
    ? Buffer.from(trimmed, "base64").toString("utf8")
    : "";
  const colon = colonAt.indexOf(":");
  if (colon <= 0)
    throw new KrustletError("InvalidObject", `${where}: "auth" is not the base64 of user:password`);
  return { username: colonAt.slice(0, colon), password: colonAt.slice(colon + 1).replace(/\0+$/, "") };
}
