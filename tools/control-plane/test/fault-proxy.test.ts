import type { PeerCertificate } from "node:tls";
import { expect, test } from "vitest";
import type { SeenRequest } from "../src/proxy/fault-rules.ts";
import { buildStatus, FaultRules } from "../src/proxy/fault-rules.ts";
import { frontProxyHeaders, identityOf } from "../src/proxy/front-proxy-headers.ts";

const patch: SeenRequest = { method: "PATCH", path: "/p/status", query: new URLSearchParams(), watch: false };
const get: SeenRequest = { ...patch, method: "GET" };

test("a rule is done to the requests that it counts, from 1, and to no others", () => {
  const rules = new FaultRules();
  const conflict = { kind: "answer", status: 409 } as const;
  using rule = rules.add({
    match: ({ method }) => method === "PATCH",
    nth: (count) => count % 2 === 0,
    fault: conflict,
  });
  expect([patch, get, patch, patch, patch].map((request) => rules.faultOf(request))).toEqual([
    undefined,
    undefined,
    conflict,
    undefined,
    conflict,
  ]);
  expect([rule.matched, rule.hits]).toEqual([4, 2]);
});

test("a rule that was disposed of is over", () => {
  const rules = new FaultRules();
  {
    using _rule = rules.add({ match: () => true, fault: { kind: "stall" } });
    expect(rules.faultOf(get)).toEqual({ kind: "stall" });
  }
  expect(rules.faultOf(get)).toBeUndefined();
});

test("nobody becomes the administrator by naming him in a header", () => {
  const headers = {
    "x-remote-user": "kubernetes-admin",
    "X-Remote-Group": "system:masters",
    "x-remote-extra-scopes": "all",
    accept: "application/json",
  };
  expect(frontProxyHeaders(headers, undefined)).toEqual({ accept: "application/json" });
  expect(frontProxyHeaders(headers, { user: "system:node:n", groups: ["system:nodes"] })).toEqual({
    accept: "application/json",
    "x-remote-user": "system:node:n",
    "x-remote-group": ["system:nodes"],
  });
});

test("a token is passed on as it is, but not beside a certificate", () => {
  const headers = { authorization: "Bearer t" };
  expect(frontProxyHeaders(headers, undefined)).toEqual(headers);
  expect(frontProxyHeaders(headers, { user: "a", groups: [] })).not.toHaveProperty("authorization");
});

test("a certificate's common name is the user, its organizations are the groups", () => {
  const certificate = (subject: object): PeerCertificate => ({ subject }) as unknown as PeerCertificate;
  expect(identityOf(certificate({ CN: "u", O: ["a", "b"] }))).toEqual({ user: "u", groups: ["a", "b"] });
  expect(identityOf(certificate({ CN: "u", O: "a" }))).toEqual({ user: "u", groups: ["a"] });
  expect(identityOf({} as PeerCertificate)).toBeUndefined();
});

test("an answer is a Status with the reason that Kubernetes has for its code", () => {
  expect(buildStatus(429, "slow down")).toMatchObject({
    kind: "Status",
    code: 429,
    reason: "TooManyRequests",
    message: "slow down",
  });
});
