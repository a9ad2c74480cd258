import { randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";
import type { SelfSigned } from "./self-signed-certificate.ts";

/** A request that a token server was sent. */
export interface TokenQuestion {
  readonly method: string;
  readonly authorization: string | undefined;
  /** Of the query, or of the form. */
  readonly parameters: URLSearchParams;
}

/** What a token server answers: repositories and actions to grant, or a status to refuse with. */
export type TokenAnswer =
  | { readonly grant: readonly { readonly repository: string; readonly actions: readonly string[] }[] }
  | { readonly refuse: number };

/** A token server on loopback, and what it was asked. */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  readonly questions: readonly TokenQuestion[];
}

/** Starts a server of the distribution project's token protocol whose tokens a registry with `issuer` takes. */
export async function startTokenServer(
  issuer: SelfSigned,
  service: string,
  decide: (question: TokenQuestion) => TokenAnswer,
): Promise<TokenServer> {
  const questions: TokenQuestion[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
      const query = new URL(request.url ?? "/", "http://loopback").searchParams;
      const question: TokenQuestion = {
        method: request.method ?? "",
        authorization: request.headers.authorization,
        parameters: request.method === "POST" ? new URLSearchParams(body) : query,
      };
      questions.push(question);
      const answer = decide(question);
      response.setHeader("content-type", "application/json");
      if ("refuse" in answer) {
        response.writeHead(answer.refuse).end(JSON.stringify({ details: "no" }));
        return;
      }
      const token = tokenOf(issuer, service, answer.grant);
      response.end(JSON.stringify({ token, access_token: token, expires_in: 300 }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    realm: `http://127.0.0.1:${port}/token`,
    questions,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function tokenOf(
  issuer: SelfSigned,
  service: string,
  grant: readonly { readonly repository: string; readonly actions: readonly string[] }[],
): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = part({ typ: "JWT", alg: "ES256", x5c: [issuer.der] });
  const body = part({
    iss: "krustlet test",
    sub: "krustlet",
    aud: service,
    exp: now + 300,
    nbf: now - 60,
    iat: now,
    jti: randomUUID(),
    access: grant.map(({ repository, actions }) => ({ type: "repository", name: repository, actions })),
  });
  const key = { key: issuer.key, dsaEncoding: "ieee-p1363" as const };
  return `${head}.${body}.${sign("sha256", Buffer.from(`${head}.${body}`), key).toString("base64url")}`;
}
