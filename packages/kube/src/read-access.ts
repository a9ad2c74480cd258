import { readFile } from "node:fs/promises";
import { KrustletError } from "@krustlet/interface";
import { messageOf } from "./connection-error.ts";
import type { Access } from "./load-credentials.ts";
import type { CurrentContext } from "./parse-kubeconfig.ts";

/**
 * The access that a kubeconfig's own fields and files give: certificates, tokens, impersonation. Data in the kubeconfig
 * comes before files, as in kubectl.
 *
 * @throws KrustletError `InvalidKubeconfig`
 */
export async function readAccess({ cluster, user }: CurrentContext, source: string): Promise<Access> {
  const read = async (
    entry: Readonly<Record<string, unknown>>,
    field: string,
  ): Promise<string | undefined> => {
    const data = entry[`${field}-data`];
    if (typeof data === "string" && data !== "") return Buffer.from(data, "base64").toString("utf8");
    return readField(entry[field], field, source);
  };
  const [ca, cert, key, fileToken] = await Promise.all([
    read(cluster, "certificate-authority"),
    read(user, "client-certificate"),
    read(user, "client-key"),
    readField(user.tokenFile, "tokenFile", source),
  ]);
  const ownToken = user["token"];
  const token = typeof ownToken === "string" && ownToken !== "" ? ownToken : fileToken;
  const servername = cluster["tls-server-name"];
  return {
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(servername !== undefined && { servername }),
      ...(cluster["insecure-skip-tls-verify"] === true && { rejectUnauthorized: false }),
    },
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token.trim()}` }),
      ...(typeof user["as"] === "string" && { "impersonate-user": user["as"] }),
    },
  };
}

async function readField(path: unknown, field: string, source: string): Promise<string | undefined> {
  if (typeof path !== "string" || path === "") return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const sentence = `The ${field} of the ${source} cannot be read: ${messageOf(cause)}.`;
    throw new KrustletError("InvalidKubeconfig", sentence, { cause });
  }
}
