import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";

/** The API server, asked without a library in between. Disposing closes its connections. */
export interface ApiClient extends Disposable {
  /** Sends a request and resolves with the object in its answer. @throws Error for an answer that is none. */
  send<T>(method: string, path: string, body?: object): Promise<T>;
  /** Resolves once the watch has begun; `told` gets every change with the time at which it came. Ends with the client. */
  watch(path: string, told: (type: string, object: never, at: number) => void): Promise<void>;
}

interface WatchedObject {
  readonly metadata?: { readonly resourceVersion?: string };
}

interface Kubeconfig {
  readonly clusters: [
    { readonly cluster: { readonly server: string; readonly "certificate-authority-data": string } },
  ];
  readonly users: [
    { readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string } },
  ];
}

/** Opens the API server by one of the control plane's kubeconfigs. */
export function openApi(kubeconfig: string): ApiClient {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  const { server, ...cluster } = clusters[0].cluster;
  const { user } = users[0];
  const bytes = (base64: string): Buffer => Buffer.from(base64, "base64");
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 64,
    ca: bytes(cluster["certificate-authority-data"]),
    cert: bytes(user["client-certificate-data"]),
    key: bytes(user["client-key-data"]),
  });
  let open = true;
  const ask = (method: string, path: string, body?: object): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers =
        text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const asked = request(`${server}${path}`, { method, agent, headers }, resolve);
      asked.once("error", reject);
      asked.end(text);
    });
  return {
    send: async <T>(method: string, path: string, body?: object) => {
      const answer = await ask(method, path, body);
      let text = "";
      for await (const part of answer.setEncoding("utf8")) text += part as string;
      if ((answer.statusCode ?? 500) >= 400)
        throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
      return JSON.parse(text) as T;
    },
    watch: async (path, told) => {
      let version = "";
      const query = path.includes("?") ? "&" : "?";
      const begin = async (): Promise<void> => {
        const answer = await ask("GET", `${path}${query}watch=true&resourceVersion=${version}`);
        if (answer.statusCode !== 200) throw new Error(`watch ${path}: ${answer.statusCode}`);
        const lines = createInterface(answer);
        lines.on("line", (line) => {
          const { type, object } = JSON.parse(line) as { type: string; object: WatchedObject };
          version = object.metadata?.resourceVersion ?? version;
          told(type, object as never, performance.now());
        });
        // The API server sends away who reads too slowly; what comes then is read from where it stopped.
        lines.once("close", () => void (open && begin().catch(() => undefined)));
        lines.on("error", () => undefined);
      };
      await begin();
    },
    [Symbol.dispose]: () => {
      open = false;
      agent.destroy();
    },
  };
}
