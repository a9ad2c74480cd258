import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { KrustletError } from "@krustlet/interface";
import { parse } from "yaml";
import { messageOf } from "./connection-error.ts";
import type { CurrentContext } from "./parse-kubeconfig.ts";
import { directoryOf, parseKubeconfig } from "./parse-kubeconfig.ts";
import { openPluginAccess } from "./plugin-access.ts";
import { readAccess } from "./read-access.ts";

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
  /** @throws KrustletError `InvalidKubeconfig` where a file is missing or no PEM, or a credential plugin fails. */
  access(): Promise<Access>;
  /** Forgets what credential plugins said: the API server did not believe it. */
  forget(): void;
}

/** Fields of a user that name a file, or a program, whose content changes. */
const CHANGING = ["tokenFile", "client-certificate", "client-key"];

/**
 * Reads a kubeconfig. Files that it names are read anew each time that access is asked for. Credential plugins (`exec`,
 * `auth-provider`) are run by `@kubernetes/client-node`.
 *
 * @param kubeconfig - its path, or what its YAML says
 * @throws KrustletError `InvalidKubeconfig`
 */
export async function loadCredentials(kubeconfig: string | object): Promise<Credentials> {
  const isPath = typeof kubeconfig === "string";
  const source = isPath ? `kubeconfig ${kubeconfig}` : "kubeconfig";
  const document = isPath ? parseYaml(await readText(kubeconfig, source), source) : kubeconfig;
  const context = parseKubeconfig(document, source, isPath ? directoryOf(kubeconfig) : process.cwd());
  const { user } = context;
  const plugin =
    user.exec != null || user["auth-provider"] != null ? await openPluginAccess(context, source) : undefined;
  return {
    context,
    changing: plugin !== undefined || CHANGING.some((field) => user[field] !== undefined),
    access: async () => {
      const access = await (plugin?.access() ?? readAccess(context, source));
      checkCertificates(access.tls, `${source}, user "${context.userName}"`, new Date());
      return access;
    },
    forget: () => plugin?.forget(),
  };
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

function parseYaml(text: string, source: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    // The first line only: further ones quote the file, which holds secrets.
    const why = messageOf(cause).replace(/[:.]$/, "");
    throw new KrustletError("InvalidKubeconfig", `The ${source} is no YAML: ${why}.`);
  }
}

function checkCertificates({ cert, ca }: TlsOptions, source: string, now: Date): void {
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
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new KrustletError("InvalidKubeconfig", `The ${what} is no PEM certificate.`, { cause });
  }
}
