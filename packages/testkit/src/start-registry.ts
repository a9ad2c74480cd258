import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SelfSigned } from "./self-signed-certificate.ts";

/** Options of {@link startRegistry}. */
export interface RegistryOptions {
  /** Where on loopback it listens, for one that comes back. Default: a free port. */
  readonly port?: number;
  /** `basic`: user `krustlet`, password `s3cret`. `token`: tokens of this server, signed with this certificate's key. */
  readonly auth?:
    | { readonly by: "basic" }
    | { readonly by: "token"; readonly realm: string; readonly service: string; readonly issuer: SelfSigned };
  /** Speaks TLS with this certificate. */
  readonly tls?: SelfSigned;
}

/** A real registry (CNCF distribution) on loopback. Disposing of it stops it and removes what it holds. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** `http://` or `https://` and the host. */
  readonly url: string;
}

/** The login of a registry with basic authentication. */
export const REGISTRY_LOGIN: {
  readonly username: string;
  readonly password: string;
  readonly authorization: string;
} = {
  username: "krustlet",
  password: "s3cret",
  authorization: `Basic ${Buffer.from("krustlet:s3cret").toString("base64")}`,
};

/** bcrypt, with the least rounds there are: the only hash that the registry takes. */
const HTPASSWD = "krustlet:$2y$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG\n";

/** Starts `docker-registry` (Debian's package of that name) on a free port of loopback and waits until it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const directory = await mkdtemp(join(tmpdir(), "krustlet-registry-"));
  const port = options.port ?? (await freePort());
  const host = `127.0.0.1:${port}`;
  const url = `${options.tls === undefined ? "http" : "https"}://${host}`;
  const file = (name: string): string => join(directory, name);
  await writeFile(file("htpasswd"), HTPASSWD);
  if (options.tls !== undefined) {
    await writeFile(file("tls.crt"), options.tls.certificate);
    await writeFile(file("tls.key"), options.tls.key);
  }
  if (options.auth?.by === "token") await writeFile(file("issuer.crt"), options.auth.issuer.certificate);
  // JSON is YAML.
  await writeFile(file("config.yml"), JSON.stringify(configOf(options, host, file)));

  const child = spawn("docker-registry", ["serve", file("config.yml")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = `${said}${text}`.slice(-2000)));
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`docker-registry cannot be started: ${error.message}`));
    child.once("exit", (code) => resolve(`docker-registry ended with ${code}: ${said}`));
  });
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const state = await Promise.race([answers(url), ended]);
  if (state === "answers") return { host, url, [Symbol.asyncDispose]: dispose };
  await dispose();
  throw new Error(state);
}

function configOf(options: RegistryOptions, host: string, file: (name: string) => string): object {
  const { auth, tls } = options;
  return {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { inmemory: {}, delete: { enabled: true } },
    http: {
      addr: host,
      secret: "krustlet",
      ...(tls === undefined ? {} : { tls: { certificate: file("tls.crt"), key: file("tls.key") } }),
    },
    ...(auth?.by === "basic" ? { auth: { htpasswd: { realm: "krustlet", path: file("htpasswd") } } } : {}),
    ...(auth?.by === "token"
      ? {
          auth: {
            token: {
              realm: auth.realm,
              service: auth.service,
              issuer: "krustlet test",
              rootcertbundle: file("issuer.crt"),
            },
          },
        }
      : {}),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

async function answers(url: string): Promise<"answers" | "docker-registry does not answer"> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await knock(url)) return "answers";
    await sleep(10);
  }
  return "docker-registry does not answer";
}

async function knock(url: string): Promise<boolean> {
  if (url.startsWith("http://")) {
    return fetch(`${url}/v2/`).then(
      async (answer) => (await answer.arrayBuffer(), true),
      () => false,
    );
  }
  // Whether it listens is the question here, not who it is.
  return new Promise((resolve) => {
    get(`${url}/v2/`, { rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(true);
    }).once("error", () => resolve(false));
  });
}
