import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { KrustletError } from "@krustlet/interface";
import type { Cancellable, RegistryCredential } from "@krustlet/interface";
import { askCredentialHelper } from "./credential-helper.ts";
import { parseDockerConfig } from "./docker-config.ts";
import { matchCredentials } from "./match-credentials.ts";
import type { Reference } from "./reference.ts";

/** The credentials that this machine has for an image, best first. */
export type CredentialSource = (
  reference: Reference,
  options?: Cancellable,
) => Promise<readonly RegistryCredential[]>;

/** Where docker's config is. */
export interface DockerCredentialsInit {
  /** For `DOCKER_CONFIG`, and for helpers. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The home directory that has `.docker/`. Default: the user's. */
  readonly home?: string;
}

/**
 * The logins of this machine's user, as `docker login` left them: `$DOCKER_CONFIG/config.json` or
 * `~/.docker/config.json`, with `credHelpers` before `credsStore` before `auths`. The file is read at every call, so a
 * login is seen at once; a missing file means no credentials.
 */
export function createDockerCredentials(init: DockerCredentialsInit = {}): CredentialSource {
  const env = init.env ?? process.env;
  const directory = env["DOCKER_CONFIG"] ?? join(init.home ?? env["HOME"] ?? homedir(), ".docker");
  const file = join(directory, "config.json");
  return async (reference, options) => {
    const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
      throw new KrustletError("InvalidObject", `${file} cannot be read: ${cause.message}`, { cause });
    });
    if (text === undefined) return [];
    const config = parseDockerConfig(text, file);
    const servers = serversOf(reference.registry);
    const server = servers.find((name) => Object.hasOwn(config.credHelpers, name));
    const helper = server === undefined ? config.credsStore : config.credHelpers[server];
    if (helper !== undefined) {
      const found = await askCredentialHelper(
        helper,
        server ?? servers[0] ?? reference.registry,
        env,
        options,
      );
      if (found !== undefined) return [{ ...found, registry: reference.registry }];
    }
    return matchCredentials(reference, config.auths);
  };
}

/** The names under which docker knows a registry. */
function serversOf(registry: string): readonly string[] {
  return registry === "docker.io"
    ? ["https://index.docker.io/v1/", "index.docker.io", "docker.io"]
    : [registry];
}
