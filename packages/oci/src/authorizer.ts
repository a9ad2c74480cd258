import { createHash } from "node:crypto";
import type { Cancellable, Clock, RegistryCredential } from "@krustlet/interface";
import { parseChallenges } from "./challenge.ts";
import { formatReference } from "./reference.ts";
import type { Reference } from "./reference.ts";
import { fetchToken, loginOf } from "./token.ts";
import type { Token, TokenTransport } from "./token.ts";

/** Who asks for what: one credential (or none) and one repository. */
interface Login extends Cancellable {
  readonly reference: Reference;
  /** `host[:port]` of the registry's API. */
  readonly host: string;
  readonly credential?: RegistryCredential;
}

/** Knows what to send as `Authorization`. */
export interface Authorizer {
  /** What worked before for the same login; undefined when nothing has been asked for yet or it has expired. */
  known(login: Login): string | undefined;
  /** What answers the challenges of a 401; undefined when nothing can. Forgets what was known. */
  answer(login: Login, challenge: string): Promise<string | undefined>;
}

/** Time before its end at which a token is not used any more, in ms. */
const MARGIN = 5_000;

/**
 * Basic and token authentication. Tokens are kept per registry, repository and credential, so that no pod pulls by the
 * right of another; the scope is always `pull` of that repository, whatever the registry asks for.
 */
export function createAuthorizer(transport: TokenTransport, clock: Pick<Clock, "now">): Authorizer {
  const held = new Map<string, { readonly header: string; readonly until: number }>();

  function keep(login: Login, header: string, lifetime: number): string {
    const now = clock.now().getTime();
    for (const [key, { until }] of held) if (until <= now) held.delete(key);
    held.set(keyOf(login), { header, until: now + Math.max(lifetime - MARGIN, 1000) });
    return header;
  }

  return {
    known(login) {
      if (login.credential?.registryToken !== undefined) return `Bearer ${login.credential.registryToken}`;
      const found = held.get(keyOf(login));
      return found !== undefined && found.until > clock.now().getTime() ? found.header : undefined;
    },
    async answer(login, challenge) {
      held.delete(keyOf(login));
      if (login.credential?.registryToken !== undefined) return undefined;
      const challenges = parseChallenges(challenge);
      const bearer = challenges.find(
        ({ scheme, parameters }) => scheme === "bearer" && parameters.has("realm"),
      );
      if (bearer !== undefined) {
        const service = bearer.parameters.get("service");
        const token: Token = await fetchToken(
          {
            realm: bearer.parameters.get("realm") ?? "",
            scope: `repository:${login.reference.repository}:pull`,
            reference: formatReference(login.reference),
            registryHost: login.host,
            ...(service === undefined ? {} : { service }),
            ...(login.credential === undefined ? {} : { credential: login.credential }),
            ...(login.signal === undefined ? {} : { signal: login.signal }),
          },
          transport,
        );
        return keep(login, `Bearer ${token.value}`, token.lifetime);
      }
      const basic = challenges.some(({ scheme }) => scheme === "basic")
        ? loginOf(login.credential)
        : undefined;
      return basic === undefined ? undefined : keep(login, basic, 600_000);
    },
  };
}

function keyOf(login: Login): string {
  const { username, password, identityToken, registryToken } = login.credential ?? {};
  const parts = [login.host, login.reference.repository, username, password, identityToken, registryToken];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
