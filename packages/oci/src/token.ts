import { KrustletError } from "@krustlet/interface";
import type { Cancellable, RegistryCredential } from "@krustlet/interface";
import { isLoopback } from "./loopback.ts";
import { dropBody, readBody } from "./read-body.ts";
import { errorOfAnswer, errorOfFailure } from "./registry-error.ts";
import type { HttpResponse } from "./transport.ts";

/** What a token is asked for with. */
export interface TokenRequest extends Cancellable {
  readonly realm: string;
  readonly service?: string;
  readonly scope: string;
  readonly credential?: RegistryCredential;
  /** The image, for errors. */
  readonly reference: string;
  /** `host[:port]` of the registry that named the realm. */
  readonly registryHost: string;
}

/** A bearer token and how long it lives, in ms. */
export interface Token {
  readonly value: string;
  readonly lifetime: number;
}

/** How {@link fetchToken} reaches the network. */
export interface TokenTransport {
  send(request: {
    readonly method: "GET" | "POST";
    readonly url: URL;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal;
  }): Promise<HttpResponse>;
  allowsPlain(host: string): boolean;
}

const CLIENT_ID = "krustlet";
const MAX_TOKEN_ANSWER = 1 << 20;

/**
 * Asks a token server for the right to pull. The registry chooses the server (`realm`), so it is given only what the
 * registry itself may have, and over plain HTTP only where the registry is spoken to that way too.
 * @see https://distribution.github.io/distribution/spec/auth/token/ and /oauth/
 */
export async function fetchToken(request: TokenRequest, transport: TokenTransport): Promise<Token> {
  const realm = realmOf(request, transport);
  try {
    return await askForToken(request, realm, transport);
  } catch (error) {
    // It is the token server that failed, and not the registry.
    const { reference, credential, signal } = request;
    throw errorOfFailure(error, { reference, host: realm.host, loggedIn: credential !== undefined }, signal);
  }
}

async function askForToken(request: TokenRequest, realm: URL, transport: TokenTransport): Promise<Token> {
  const credential = request.credential;
  if (credential?.identityToken !== undefined) {
    const answer = await transport.send({
      method: "POST",
      url: realm,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "refresh_token",
        client_id: CLIENT_ID,
        scope: request.scope,
        refresh_token: credential.identityToken,
        ...(request.service === undefined ? {} : { service: request.service }),
      }).toString(),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    // Servers from before OAuth2 know no POST.
    if (answer.status !== 404 && answer.status !== 405) return tokenOf(answer, realm, request);
    dropBody(answer.body);
  }
  const url = new URL(realm);
  if (request.service !== undefined) url.searchParams.set("service", request.service);
  url.searchParams.set("scope", request.scope);
  url.searchParams.set("client_id", CLIENT_ID);
  const login = loginOf(credential);
  return tokenOf(
    await transport.send({
      method: "GET",
      url,
      headers: login === undefined ? {} : { authorization: login },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    }),
    url,
    request,
  );
}

/** The value of `Authorization` for basic authentication, where the credential can be used for it. */
export function loginOf(credential: RegistryCredential | undefined): string | undefined {
  const secret = credential?.password ?? credential?.identityToken;
  if (credential === undefined || secret === undefined) return undefined;
  const user = credential.username ?? "<token>";
  return `Basic ${Buffer.from(`${user}:${secret}`, "utf8").toString("base64")}`;
}

function realmOf(request: TokenRequest, transport: TokenTransport): URL {
  let url: URL;
  try {
    url = new URL(request.realm);
  } catch (cause) {
    throw new KrustletError(
      "RegistryProtocol",
      `${request.reference}: ${request.registryHost} asks for a token from something that is no URL`,
      { cause },
    );
  }
  const plain =
    url.protocol === "http:" &&
    transport.allowsPlain(url.host) &&
    transport.allowsPlain(request.registryHost);
  // A public registry has no business on this machine's loopback.
  const inward = isLoopback(url.host) && !transport.allowsPlain(request.registryHost);
  if ((url.protocol === "https:" || plain) && !inward) {
    url.username = url.password = url.hash = "";
    return url;
  }
  throw new KrustletError(
    "RegistryProtocol",
    `${request.reference}: ${request.registryHost} asks for a token from ${url.protocol}//${url.host}, ` +
      "to which no credentials may be sent",
  );
}

async function tokenOf(answer: HttpResponse, url: URL, request: TokenRequest): Promise<Token> {
  const body = (await readBody(answer.body, MAX_TOKEN_ANSWER, `the answer of ${url.host}`)).toString("utf8");
  if (answer.status !== 200) {
    const loggedIn = request.credential !== undefined;
    // Token servers answer 400 to refresh tokens that they do not know (RFC 6749 §5.2).
    const status = answer.status === 400 && loggedIn ? 401 : answer.status;
    const subject = { reference: request.reference, host: url.host, loggedIn };
    throw errorOfAnswer({ status, headers: answer.headers, body }, subject);
  }
  let json: Readonly<Record<string, unknown>> | null = null;
  try {
    json = JSON.parse(body) as Readonly<Record<string, unknown>> | null;
  } catch {
    // Told below: the answer itself may hold a token and is not shown.
  }
  const value = json?.["token"] ?? json?.["access_token"];
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw new KrustletError("RegistryProtocol", `${request.reference}: ${url.host} gave no token`);
  }
  const seconds = json?.["expires_in"];
  return {
    value,
    lifetime: (typeof seconds === "number" && seconds > 0 ? Math.min(seconds, 86_400) : 60) * 1000,
  };
}
