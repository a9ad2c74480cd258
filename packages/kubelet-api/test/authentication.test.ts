import { request } from "node:http";
import { Agent } from "node:https";

import { eventually } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import type { AccessAttributes, UserInfo } from "../src/index.ts";
import { openApiBench } from "./api-bench.ts";
import { newAuthority } from "./authority.ts";

/** Sees whom a server takes a client for: access reviews tell. */
async function openReviewedBench(init: Parameters<typeof openApiBench>[0] = {}) {
  const seen: AccessAttributes[] = [];
  const bench = await openApiBench({
    authorization: {
      mode: "Webhook",
      reviewAccess: async (attributes) => {
        seen.push(attributes);
        return true;
      },
    },
    ...init,
  });
  return Object.assign(bench, { seen });
}

const nobody = { key: undefined, cert: undefined };
const bearer = (token: string) => ({ ...nobody, headers: { Authorization: `Bearer ${token}` } });

describe("a client certificate", () => {
  it("of the authority names a user and a group", async () => {
    await using bench = await openReviewedBench();
    await expect(bench.get("/pods")).resolves.toMatchObject({ status: 200 });
    expect(bench.seen[0]?.user).toStrictEqual({
      username: "admin",
      groups: ["system:masters", "system:authenticated"],
    });
  });

  it.each([
    ["of another authority", () => newAuthority().sign({ name: "admin", group: "system:masters" })],
    [
      "of another authority with the same name, that signs itself",
      () => ({ ...newAuthority("test authority").sign({ name: "admin" }) }),
    ],
  ])("%s counts for nothing", async (_what, identity) => {
    await using bench = await openReviewedBench();
    await expect(bench.get("/pods", identity())).resolves.toMatchObject({
      status: 401,
      text: "Unauthorized",
    });
    expect(bench.seen).toStrictEqual([]);
  });

  it("that has expired, or is for servers, counts for nothing", async () => {
    await using bench = await openReviewedBench();
    const expired = bench.authority.sign({ name: "admin", notAfter: new Date(Date.now() - 1000) });
    await expect(bench.get("/pods", expired)).resolves.toMatchObject({ status: 401 });
    const server = bench.authority.sign({
      name: "system:node:node-2",
      group: "system:nodes",
      usage: "serverAuth",
    });
    await expect(bench.get("/pods", server)).resolves.toMatchObject({ status: 401 });
  });

  it("that expires while its connection is open counts no longer", async () => {
    await using bench = await openReviewedBench();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await expect(bench.get("/pods", { agent })).resolves.toMatchObject({ status: 200 });
    await bench.clock.advance(2 * 86_400_000);
    await expect(bench.get("/pods", { agent })).resolves.toMatchObject({ status: 401 });
    agent.destroy();
  });

  it("of an authority that was replaced while its connection is open counts no longer; one of the new one does", async () => {
    await using bench = await openReviewedBench();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await expect(bench.get("/pods", { agent })).resolves.toMatchObject({ status: 200 });
    const next = newAuthority("next authority");
    bench.tls = { ...bench.tls, clientCa: next.pem };
    await expect(bench.get("/pods", { agent })).resolves.toMatchObject({ status: 401 });
    await expect(bench.get("/pods", next.sign({ name: "admin" }))).resolves.toMatchObject({ status: 200 });
    await expect(bench.get("/pods")).resolves.toMatchObject({ status: 401 });
    bench.tls = { ...bench.tls, clientCa: `${bench.authority.pem}\n${next.pem}` };
    await expect(bench.get("/pods")).resolves.toMatchObject({ status: 200 });
    agent.destroy();
  });

  it("counts for nothing where there is no authority, whomever Node itself trusts", async () => {
    await using bench = await openReviewedBench();
    bench.tls = { key: bench.tls.key, cert: bench.tls.cert };
    await expect(bench.get("/pods")).resolves.toMatchObject({ status: 401 });
    bench.tls = { ...bench.tls, clientCa: "no certificate" };
    await expect(bench.get("/pods")).resolves.toMatchObject({ status: 401 });
  });

  it("that does not count is not taken for none, where anybody may come in", async () => {
    await using bench = await openReviewedBench({ authentication: { anonymous: true } });
    await expect(bench.get("/pods", newAuthority().sign({ name: "x" }))).resolves.toMatchObject({
      status: 401,
    });
    await expect(bench.get("/pods", nobody)).resolves.toMatchObject({ status: 200 });
    expect(bench.seen.map(({ user }) => user)).toStrictEqual([
      { username: "system:anonymous", groups: ["system:unauthenticated"] },
    ]);
  });
});

describe("a bearer token", () => {
  const ann: UserInfo = { username: "ann", uid: "7", groups: ["devs"], extra: { scopes: ["a", "b"] } };

  it("names the user whom the API server knows it of", async () => {
    await using bench = await openReviewedBench({
      authentication: { reviewToken: async (token) => (token === "good" ? ann : undefined) },
    });
    await expect(bench.get("/pods", bearer("good"))).resolves.toMatchObject({ status: 200 });
    expect(bench.seen[0]?.user).toStrictEqual({ ...ann, groups: ["devs", "system:authenticated"] });
    await expect(bench.get("/pods", bearer("bad"))).resolves.toMatchObject({ status: 401 });
    await expect(bench.get("/pods", nobody)).resolves.toMatchObject({ status: 401 });
    const basic = { ...nobody, headers: { Authorization: "Basic Z29vZDpnb29k" } };
    await expect(bench.get("/pods", basic)).resolves.toMatchObject({ status: 401 });
  });

  it("is not taken for none where anybody may come in", async () => {
    await using bench = await openReviewedBench({
      authentication: { anonymous: true, reviewToken: async () => undefined },
    });
    await expect(bench.get("/pods", bearer("bad"))).resolves.toMatchObject({ status: 401 });
  });

  it("is asked about once in two minutes, by however many", async () => {
    const asked: string[] = [];
    await using bench = await openReviewedBench({
      authentication: {
        reviewToken: async (token) => {
          asked.push(token);
          return ann;
        },
      },
    });
    await Promise.all(Array.from({ length: 8 }, () => bench.get("/pods", bearer("good"))));
    expect(asked).toHaveLength(1);
    await bench.clock.advance(119_000);
    await bench.get("/pods", bearer("good"));
    expect(asked).toHaveLength(1);
    await bench.clock.advance(2000);
    await bench.get("/pods", bearer("good"));
    expect(asked).toHaveLength(2);
  });

  it("that cannot be asked about is refused, said so without the token, and asked about again", async () => {
    let up = false;
    await using bench = await openReviewedBench({
      authentication: {
        reviewToken: () => {
          if (!up) throw new Error("connection refused");
          return Promise.resolve(ann);
        },
      },
    });
    await expect(bench.get("/pods", bearer("s3cret"))).resolves.toMatchObject({ status: 401 });
    expect(bench.warnings).toStrictEqual(["A token could not be reviewed: connection refused."]);
    up = true;
    await expect(bench.get("/pods", bearer("s3cret"))).resolves.toMatchObject({ status: 200 });
  });

  it("among a flood of made-up ones: the API server is asked about 32 at a time", async () => {
    const open: (() => void)[] = [];
    await using bench = await openReviewedBench({
      authentication: {
        reviewToken: () => new Promise((resolve) => void open.push(() => resolve(undefined))),
      },
    });
    const flood = Array.from({ length: 40 }, (_, index) => bench.get("/pods", bearer(`made-up-${index}`)));
    await eventually(
      () => bench.warnings.length === 8,
      () => `${bench.warnings.length} were turned away`,
    );
    expect(open).toHaveLength(32);
    await expect(bench.get("/pods")).resolves.toMatchObject({ status: 200 });
    for (const answer of open) answer();
    expect((await Promise.all(flood)).every(({ status }) => status === 401)).toBe(true);
  });
});

describe("authorization", () => {
  it.each([
    ["GET", "/pods", "get", ["pods", "proxy"]],
    ["GET", "/runningpods/", "get", ["pods", "proxy"]],
    ["GET", "/healthz/ping", "get", ["healthz", "proxy"]],
    ["GET", "/configz", "get", ["configz", "proxy"]],
    ["GET", "/flagz", "get", ["configz"]],
    ["GET", "/stats/summary", "get", ["stats"]],
    ["POST", "/stats/summary", "create", ["stats"]],
    ["GET", "/metrics", "get", ["metrics"]],
    ["GET", "/metrics/resource", "get", ["metrics"]],
    ["GET", "/logs/kubelet.log", "get", ["log"]],
    ["POST", "/checkpoint/a/b/c", "create", ["checkpoint"]],
    ["GET", "/statusz", "get", ["statusz"]],
    ["GET", "/containerLogs/default/web/main", "get", ["proxy"]],
    ["POST", "/exec/default/web/main", "create", ["proxy"]],
    ["PUT", "/podsx", "update", ["proxy"]],
    ["PATCH", "/", "patch", ["proxy"]],
    ["DELETE", "/Pods", "delete", ["proxy"]],
    ["GET", "/%70ods", "get", ["pods", "proxy"]],
  ])("of %s %s is about %s and %j", async (method, path, verb, subresources) => {
    const asked: AccessAttributes[] = [];
    await using bench = await openApiBench({
      authorization: {
        mode: "Webhook",
        reviewAccess: async (attributes) => {
          asked.push(attributes);
          return false;
        },
      },
    });
    const text = `Forbidden (user=admin, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(" ")}])\n`;
    await expect(bench.get(path, { method })).resolves.toMatchObject({ status: 403, text });
    expect(asked.map(({ subresource }) => subresource)).toStrictEqual(subresources);
    expect(asked.map((each) => [each.verb, each.resource, each.name])).toStrictEqual(
      subresources.map(() => [verb, "nodes", "node-1"]),
    );
  });

  it("is enough for one of the subresources", async () => {
    await using bench = await openApiBench({
      authorization: { mode: "Webhook", reviewAccess: async ({ subresource }) => subresource === "proxy" },
    });
    await expect(bench.get("/configz")).resolves.toMatchObject({ status: 200 });
    await expect(bench.get("/metrics")).resolves.toMatchObject({ status: 403 });
  });

  it("is kept, a yes for five minutes and a no for half of one, each for its user", async () => {
    let allowed = false;
    const asked: string[] = [];
    await using bench = await openApiBench({
      authorization: {
        mode: "Webhook",
        reviewAccess: async ({ user }) => {
          asked.push(user.username);
          return allowed;
        },
      },
    });
    const stats = async (options = {}) => (await bench.get("/stats/nothing", options)).status;
    expect([await stats(), await stats()]).toStrictEqual([403, 403]);
    expect(asked).toHaveLength(1);
    allowed = true;
    await bench.clock.advance(31_000);
    expect([await stats(), await stats()]).toStrictEqual([404, 404]);
    expect(asked).toHaveLength(2);
    allowed = false;
    await bench.clock.advance(299_000);
    expect(await stats()).toBe(404);
    expect(await stats(bench.authority.sign({ name: "eve" }))).toBe(403);
    await bench.clock.advance(2000);
    expect(await stats()).toBe(403);
    expect(asked).toStrictEqual(["admin", "admin", "eve", "admin"]);
  });

  it("that cannot be asked for is an error, and nothing is served", async () => {
    await using bench = await openApiBench({
      authorization: {
        mode: "Webhook",
        reviewAccess: async () => {
          throw new Error("connection refused");
        },
      },
    });
    await expect(bench.get("/pods")).resolves.toMatchObject({
      status: 500,
      text: "Authorization error (user=admin, verb=get, resource=nodes, subresource=pods)\n",
    });
  });

  it("comes before anything is said about what there is", async () => {
    await using bench = await openApiBench({
      authorization: { mode: "Webhook", reviewAccess: async () => false },
    });
    await expect(bench.get("/nothing/of/the/kind")).resolves.toMatchObject({ status: 403 });
    await expect(bench.get("/pods/../x", nobody)).resolves.toMatchObject({ status: 401 });
  });
});

it("plain HTTP gets no answer", async () => {
  await using bench = await openApiBench();
  const answer = new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: bench.port, path: "/pods", agent: false }, resolve)
      .on("error", reject)
      .end();
  });
  await expect(answer).rejects.toThrow(/hang up|reset/u);
});
