import type { Cancellable } from "@krustlet/interface";

import type { AccessAttributes, KubeletApiInit } from "../kubelet-api-init.ts";
import type { Refusal } from "../http/refusal.ts";
import { createAnswerCache } from "../answer-cache.ts";
import { subresourcesOf } from "./node-attributes.ts";
import type { UserInfo } from "./user-info.ts";

const CACHED_ANSWERS = 1024;
const FIVE_MINUTES_MS = 300_000;
const HALF_A_MINUTE_MS = 30_000;

/** Finds out whether a user may do something; undefined: yes. Never rejects. */
export type Authorize = (user: UserInfo, verb: string, segment: string) => Promise<Refusal | undefined>;

/** Whether one of the subresources that a path stands for is allowed, in their order. */
export function createAuthorize(init: KubeletApiInit, { signal }: Cancellable): Authorize {
  const { authorization } = init;
  if (authorization.mode === "AlwaysAllow") return async () => undefined;
  const { reviewAccess, allowedTtlMs = FIVE_MINUTES_MS, deniedTtlMs = HALF_A_MINUTE_MS } = authorization;
  const cache = createAnswerCache<boolean>({
    clock: init.clock,
    ttlMsOf: (allowed) => (allowed ? allowedTtlMs : deniedTtlMs),
    capacity: CACHED_ANSWERS,
  });

  return async (user, verb, segment) => {
    const subresources = subresourcesOf(segment);
    for (const subresource of subresources) {
      const attributes: AccessAttributes = {
        user,
        verb,
        resource: "nodes",
        subresource,
        name: init.nodeName,
      };
      try {
        if (await cache.get(JSON.stringify(attributes), () => reviewAccess(attributes, { signal }))) {
          return undefined;
        }
      } catch (error) {
        const who = `user=${user.username}, verb=${verb}, resource=nodes, subresource=${subresource}`;
        init.onWarning?.(`Authorization error (${who}): ${String(error)}`);
        return { status: 500, text: `Authorization error (${who})\n` };
      }
    }
    const what = `verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(" ")}]`;
    return { status: 403, text: `Forbidden (user=${user.username}, ${what})\n` };
  };
}
