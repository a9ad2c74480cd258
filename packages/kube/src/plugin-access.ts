import type { RequestOptions } from "node:https";
import { systemClock, within } from "@krustlet/clock";
import { KrustletError } from "@krustlet/interface";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "./connection-error.ts";
import type { Access } from "./load-credentials.ts";
import type { CurrentContext } from "./parse-kubeconfig.ts";

/** The access that a program, or an identity provider, gives. */
export interface PluginAccess {
  /** @throws KrustletError `InvalidKubeconfig` */
  access(): Promise<Access>;
  /** The next access is asked for anew. */
  forget(): void;
}

/** A plugin that has not answered by then has failed. */
const PLUGIN_TIMEOUT_MS = 60_000;

/**
 * Leaves `exec` and `auth-provider` to `@kubernetes/client-node`, which also remembers what they said for as long as it
 * is good. It is loaded here and nowhere else: 95 MB and half a second.
 *
 * @throws KrustletError `InvalidKubeconfig`
 */
export async function openPluginAccess(context: CurrentContext, source: string): Promise<PluginAccess> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const entries = {
    "current-context": "current",
    contexts: [{ name: "current", context: { cluster: "cluster", user: "user" } }],
    // The client wants this said of plain HTTP, which is loopback's here.
    clusters: [
      {
        name: "cluster",
        cluster: {
          ...context.cluster,
          ...(context.server.protocol === "http:" && { "insecure-skip-tls-verify": true }),
        },
      },
    ],
    users: [{ name: "user", user: context.user }],
  };
  const load = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromString(JSON.stringify(entries));
    return config;
  };
  let config: KubeConfig | undefined;
  return {
    access: async () => {
      try {
        config ??= load();
        const access = await accessOf(config);
        if (access.headers["authorization"] !== undefined || access.tls.cert !== undefined) return access;
        throw new TypeError("a credential holds a token or a certificate");
      } catch (cause) {
        const sentence = `The credentials of the ${source} cannot be had: ${reasonOf(cause)}.`;
        throw new KrustletError("InvalidKubeconfig", sentence, { cause, retryable: true });
      }
    },
    forget: () => {
      config = undefined;
    },
  };
}

function reasonOf(cause: unknown): string {
  // What a plugin printed is no JSON, or no credential: the client trips over it.
  if (cause instanceof SyntaxError || cause instanceof TypeError)
    return "what its plugin printed is no credential";
  const why = messageOf(cause).trim().replace(/\.$/, "");
  return why === "" ? "its plugin failed" : why;
}

async function accessOf(config: KubeConfig): Promise<Access> {
  const options: RequestOptions & { servername?: string } = {};
  const late = (): never => {
    throw new Error("its plugin did not answer within a minute");
  };
  await within({ clock: systemClock, ms: PLUGIN_TIMEOUT_MS, late }, () =>
    config.applyToHTTPSOptions(options),
  );
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
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
