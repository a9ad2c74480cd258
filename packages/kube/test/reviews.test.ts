import { expect, test } from "vitest";
import { BoundedMap } from "../src/bounded-map.ts";
import type { Kube, KubeCall } from "../src/kube.ts";
import { requestToken } from "../src/request-token.ts";
import { reviewAccess, reviewToken } from "../src/review.ts";
import { takeToken } from "../src/token-bucket.ts";

function asking(answer: (call: KubeCall) => unknown) {
  const calls: KubeCall[] = [];
  const request = async (call: KubeCall): Promise<unknown> => {
    calls.push(call);
    const said = answer(call);
    if (said instanceof Error) throw said;
    return said;
  };
  return { calls, kube: { request } as unknown as Kube };
}

const alice = { username: "alice", groups: ["g"] };
const access = { user: alice, verb: "get", resource: "nodes", subresource: "proxy", name: "edge-1" };

test("whose token it is, is asked; of what cannot be one it is not", async () => {
  const { kube, calls } = asking(({ body }) => {
    const { token } = (body as { spec: { token: string } }).spec;
    return token === "good" ? { status: { authenticated: true, user: alice } } : { status: { user: alice } };
  });
  expect(await reviewToken(kube, "good")).toEqual(alice);
  expect(await reviewToken(kube, "bad")).toBeUndefined();
  expect(await reviewToken(kube, "")).toBeUndefined();
  expect(await reviewToken(kube, "x".repeat(100_000))).toBeUndefined();
  expect(calls).toHaveLength(2);
});

test("an access is what the API server says; an answer that says both, or nothing, is a no", async () => {
  const answers: unknown[] = [
    { status: { allowed: true } },
    { status: { allowed: false } },
    { status: { allowed: true, denied: true } },
    {},
    new Error("cut"),
  ];
  const { kube, calls } = asking(() => answers.shift());
  const said: boolean[] = [];
  for (let i = 0; i < 4; i += 1) said.push(await reviewAccess(kube, access));
  expect(said).toEqual([true, false, false, false]);
  await expect(reviewAccess(kube, access)).rejects.toThrow("cut");
  expect(calls[0]).toMatchObject({
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      spec: {
        user: "alice",
        groups: ["g"],
        resourceAttributes: { verb: "get", resource: "nodes", subresource: "proxy", name: "edge-1" },
      },
    },
  });
});

test("what strangers fill does not grow", () => {
  const map = new BoundedMap<number>(3);
  for (let i = 0; i < 10; i += 1) {
    map.get("0");
    map.set(String(i), i);
  }
  expect(map.size).toBe(3);
  expect(map.get("0")).toBe(0);
  expect(map.get("1")).toBeUndefined();
});

test("a bucket fills again with time, and not beyond", () => {
  const limit = { perSecond: 2, burst: 2 };
  const first = takeToken(undefined, 0, limit);
  const second = takeToken(first.bucket, 0, limit);
  const third = takeToken(second.bucket, 0, limit);
  expect([first.waitMs, second.waitMs, third.waitMs]).toEqual([0, 0, 500]);
  expect(takeToken(third.bucket, 500, limit).waitMs).toBe(0);
  expect(takeToken(third.bucket, 1_000_000, limit).bucket.tokens).toBe(1);
  expect(takeToken(third.bucket, -1_000_000, limit).waitMs).toBe(500);
});

test("a token is bound to its pod; an answer without one is a sentence", async () => {
  const { kube, calls } = asking(() => ({
    status: { token: "t", expirationTimestamp: "2026-01-01T01:00:00Z" },
  }));
  const init = {
    namespace: "ns",
    serviceAccount: "sa",
    audiences: ["a"],
    expirationSeconds: 3600,
    pod: { name: "p", uid: "u" },
  };
  expect(await requestToken(kube, init)).toEqual({ token: "t", expiresAt: new Date("2026-01-01T01:00:00Z") });
  expect(calls).toMatchObject([
    {
      method: "POST",
      path: "/api/v1/namespaces/ns/serviceaccounts/sa/token",
      body: {
        spec: {
          audiences: ["a"],
          expirationSeconds: 3600,
          boundObjectRef: { kind: "Pod", name: "p", uid: "u" },
        },
      },
    },
  ]);
  const nothing = asking(() => ({ status: {} }));
  await expect(requestToken(nothing.kube, init)).rejects.toMatchObject({ code: "InvalidObject" });
});
