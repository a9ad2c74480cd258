import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { KrustletError } from "@krustlet/interface";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "./connection-error.ts";
import type { CurrentContext } from "./parse-kubeconfig.ts";
import { directoryOf, parseKubeconfig, readYaml } from "./parse-kubeconfig.ts";

/** What TLS needs, as Node's `tls.connect` takes it. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** How the API server knows us, at one moment. */
export interface Access {
  readonly tls: TlsOptions;
  /** `authorization`, and those of impersonation. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The current context of a kubeconfig, with credentials that may change while we run. */
export interface Credentials {
  readonly context: CurrentContext;
  /** Whether {@link Credentials.access} may say something new without anybody changing the kubeconfig. */
  readonly changing: boolean;
  /** @throws KrustletError `InvalidKubeconfig` where a file is missing or a credential plugin fails. */
  access(): Promise<Access>;
  /** Forgets what credential plugins said: the API server did not believe it. */
  forget(): void;
}

/** A credential plugin that has not answered by then has failed. */
const PLUGIN_TIMEOUT_MS = 60_000;

/**
 * Reads a kubeconfig with the loader of `@kubernetes/client-node`, which also runs credential plugins and reads token
 * files again.
 *
 * @param kubeconfig - its path, or what its YAML says
 * @throws KrustletError `InvalidKubeconfig`
 */
export async function loadCredentials(kubeconfig: string | object, now: Date): Promise<Credentials> {
  // 80 MB and most of a second: not before it is needed.
  const { KubeConfig, loadYaml } = await import("@kubernetes/client-node");
  const source = typeof kubeconfig === "string" ? `kubeconfig ${kubeconfig}` : "kubeconfig";
  const directory = typeof kubeconfig === "string" ? directoryOf(kubeconfig) : process.cwd();
  const document =
    typeof kubeconfig === "string"
      ? readYaml(await readText(kubeconfig, source), source, (text) => loadYaml(text))
      : kubeconfig;
  const context = parseKubeconfig(document, source, directory);
  const load = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromString(JSON.stringify(context.document));
    config.makePathsAbsolute(directory);
    return config;
  };
  let config = attempt(load, (why) => `The ${source} cannot be used: ${why}.`);
  const user = config.getCurrentUser();
  const credentials: Credentials = {
    context,
    changing: Boolean(user?.exec ?? user?.authProvider),
    access: async () => {
      const access = await accessOf(config, source);
      checkCertificate(access.tls, `${source}, user "${context.userName}"`, now);
      return access;
    },
    forget: () => {
      config = load();
    },
  };
  return credentials;
}

async function readText(path: string, source: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "does not exist" : `cannot be read: ${messageOf(cause)}`;
    throw new KrustletError("InvalidKubeconfig", `The ${source} ${why}.`, { cause });
  }
}

async function accessOf(config: KubeConfig, source: string): Promise<Access> {
  const options: RequestOptions & { servername?: string } = {};
  const applied = config.applyToHTTPSOptions(options);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it did not answer within a minute")), PLUGIN_TIMEOUT_MS);
  });
  try {
    await Promise.race([applied, late]);
  } catch (cause) {
    const why = messageOf(cause).trim().replace(/\.$/, "");
    const sentence = `The credentials of the ${source} cannot be had: ${why === "" ? "its plugin failed" : why}.`;
    throw new KrustletError("InvalidKubeconfig", sentence, { cause, retryable: true });
  } finally {
    clearTimeout(timer);
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file ends with a newline, which no header may.
    if (typeof value === "string") headers[name.toLowerCase()] = value.trim();
  }
  return {
    headers,
    tls: {
      ...textOf("ca", ca),
      ...textOf("cert", cert),
      ...textOf("key", key),
      ...(servername !== undefined && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
  };
}

function textOf(name: string, pem: unknown): object {
  if (typeof pem === "string") return { [name]: pem };
  return Buffer.isBuffer(pem) ? { [name]: pem.toString("utf8") } : {};
}

function checkCertificate({ cert, ca }: TlsOptions, source: string, now: Date): void {
  if (ca !== undefined) parseCertificate(ca, `certificate authority of the ${source}`);
  if (cert === undefined) return;
  const { validToDate } = parseCertificate(cert, `client certificate of the ${source}`);
  if (validToDate < now) {
    const when = validToDate.toISOString();
    throw new KrustletError(
      "InvalidKubeconfig",
      `The client certificate of the ${source} expired at ${when}.`,
    );
  }
}

function parseCertificate(pem: string, what: string): X509Certificate {
  return attempt(
    () => new X509Certificate(pem),
    () => `The ${what} is no PEM certificate.`,
  );
}

function attempt<T>(work: () => T, sentence: (why: string) => string): T {
  try {
    return work();
  } catch (cause) {
    throw new KrustletError("InvalidKubeconfig", sentence(messageOf(cause)), { cause });
  }
}
