import { readFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import type { Cluster } from "@krustlet/control-plane";

/** Asks a node's HTTPS API on loopback as the API server does, with its certificate; resolves with a 200's text. */
export async function askNode(cluster: Cluster, port: number, path: string): Promise<string> {
  const own = join(cluster.address.directory, "pki", "kubelet-client");
  const [cert, key] = await Promise.all([readFile(`${own}.crt`), readFile(`${own}.key`)]);
  return new Promise((resolve, reject) => {
    // The node may serve with a certificate that it signed itself; who asks is what counts here.
    const asked = get({ host: "127.0.0.1", port, path, cert, key, rejectUnauthorized: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.once("close", () =>
        answer.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${path}: ${answer.statusCode} ${text}`)),
      );
    });
    asked.once("error", reject);
  });
}
