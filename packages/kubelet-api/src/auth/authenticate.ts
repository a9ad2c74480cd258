import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";

import type { Cancellable } from "@krustlet/interface";

import type { KubeletApiInit } from "../kubelet-api-init.ts";
import { createAnswerCache } from "../answer-cache.ts";
import { certificatesIn, certificateUserOf } from "./certificate-user.ts";
import { ANONYMOUS, authenticated } from "./user-info.ts";
import type { UserInfo } from "./user-info.ts";

const CACHED_TOKENS = 1024;
const TWO_MINUTES_MS = 120_000;
/** Tokens that are asked about at the same time; a flood of made-up ones is not passed on to the API server. */
const QUESTIONS = 32;

/** Finds out who a request comes from; undefined: nobody who may come in. Never rejects. */
export type Authenticate = (request: IncomingMessage) => Promise<UserInfo | undefined>;

/** As the kubelet does it: a client certificate, else a bearer token, else perhaps anybody. */
export function createAuthenticate(init: KubeletApiInit, { signal }: Cancellable): Authenticate {
  const { anonymous = false, reviewToken, cacheTtlMs = TWO_MINUTES_MS } = init.authentication;
  const authorities = createAuthorities(init);
  const cache = createAnswerCache<UserInfo | undefined>({
    clock: init.clock,
    ttlMsOf: () => cacheTtlMs,
    capacity: CACHED_TOKENS,
  });
  let questions = 0;

  const askAbout = async (token: string): Promise<UserInfo | undefined> => {
    if (reviewToken === undefined) return undefined;
    if (questions >= QUESTIONS) throw new Error(`${QUESTIONS} other tokens are being reviewed`);
    questions += 1;
    try {
      return await reviewToken(token, { signal });
    } finally {
      questions -= 1;
    }
  };

  const userOfToken = async (token: string): Promise<UserInfo | undefined> => {
    try {
      // Kept under its hash: a token that is not there cannot leak.
      const key = createHash("sha256").update(token).digest("base64");
      const user = await cache.get(key, () => askAbout(token));
      return user === undefined ? undefined : authenticated(user);
    } catch (error) {
      init.onWarning?.(`A token could not be reviewed: ${messageOf(error)}.`);
      return undefined;
    }
  };

  return async (request) => {
    const socket = request.socket as TLSSocket;
    const user = certificateUserOf(socket, authorities(), init.clock.now());
    if (user !== undefined) return authenticated(user);
    const token = bearerTokenOf(request.headers.authorization);
    if (token !== undefined) return userOfToken(token);
    // Who shows a certificate that does not count is not taken for somebody who shows none.
    const showsNothing = socket.getPeerX509Certificate() === undefined;
    return anonymous && showsNothing ? ANONYMOUS : undefined;
  };
}

/** The authorities of client certificates, read anew when they have changed; none where they cannot be read. */
function createAuthorities(init: KubeletApiInit): () => ReturnType<typeof certificatesIn> {
  let pem = "";
  let certificates: ReturnType<typeof certificatesIn> = [];
  return () => {
    const { clientCa = "" } = init.tls();
    if (clientCa !== pem) {
      pem = clientCa;
      try {
        certificates = certificatesIn(clientCa);
      } catch (error) {
        certificates = [];
        init.onWarning?.(`The authorities of client certificates cannot be read: ${messageOf(error)}.`);
      }
    }
    return certificates;
  };
}

function bearerTokenOf(header: string | undefined): string | undefined {
  const token = /^bearer +(\S+)$/iu.exec(header?.trim() ?? "")?.[1];
  return token === "" ? undefined : token;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
