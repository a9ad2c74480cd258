import { KrustletError } from "@krustlet/interface";
import type { RegistryCredential, SecretObject } from "@krustlet/interface";
import { parseDockercfg, parseDockerConfig } from "./docker-config.ts";

/**
 * The credentials in a pull secret of type `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg`.
 * `source` names the Secret in errors.
 * @throws KrustletError `InvalidObject` when it is neither, or malformed.
 */
export function credentialsOfSecret(
  secret: SecretObject,
  source = "the pull secret",
): readonly RegistryCredential[] {
  const config = secret.data?.[".dockerconfigjson"];
  if (config !== undefined && secret.type !== "kubernetes.io/dockercfg") {
    return parseDockerConfig(decode(config), `${source}, key ".dockerconfigjson"`).auths;
  }
  const flat = secret.data?.[".dockercfg"];
  if (flat !== undefined && secret.type !== "kubernetes.io/dockerconfigjson") {
    return parseDockercfg(decode(flat), `${source}, key ".dockercfg"`);
  }
  throw new KrustletError(
    "InvalidObject",
    `${source} is no pull secret: it needs the key ".dockerconfigjson" and the type kubernetes.io/dockerconfigjson`,
  );
}

const decode = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");
