import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createAuthorizer } from "../src/authorizer.ts";
import { parseReference } from "../src/index.ts";
import { isLoopback } from "../src/loopback.ts";
import { fetchToken } from "../src/token.ts";
import type { TokenTransport } from "../src/token.ts";

/** Gives a token to everybody, and remembers who was asked. */
function transport(answer: unknown = { token: "t" }): TokenTransport & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    allowsPlain: (host) => isLoopback(host) || host === "insecure.example",
    send: ({ method, url, headers }) => {
      asked.push(`${method} ${url.href} ${headers["authorization"] ?? "-"}`);
      return Promise.resolve({
        status: 200,
        headers: new Map(),
        body: Readable.from([Buffer.from(JSON.stringify(answer))]),
      });
    },
  };
}

const request = (registryHost: string, realm: string) => ({
  registryHost,
  realm,
  scope: "repository:app:pull",
  reference: `${registryHost}/app:v1`,
  credential: { registry: registryHost, username: "me", password: "secret" },
});

describe("the server that a registry names for tokens", () => {
  it.each([
    ["registry.example", "https://auth.example/token"],
    ["insecure.example", "https://auth.example/token"],
    ["insecure.example", "http://insecure.example/token"],
    ["127.0.0.1:5000", "http://localhost:5001/token"],
  ])("of %s may be %s", async (host, realm) => {
    const to = transport();
    expect(await fetchToken(request(host, realm), to)).toMatchObject({ value: "t" });
    expect(to.asked).toEqual([
      `GET ${realm}?scope=repository%3Aapp%3Apull&client_id=krustlet Basic bWU6c2VjcmV0`,
    ]);
  });

  it.each([
    ["registry.example", "http://auth.example/token"],
    ["registry.example", "http://insecure.example/token"],
    ["registry.example", "http://127.0.0.1/token"],
    ["registry.example", "https://127.0.0.1/token"],
    ["registry.example", "https://localhost:10250/token"],
    ["registry.example", "https://[::1]/token"],
    ["insecure.example", "http://169.254.169.254/token"],
    ["127.0.0.1:5000", "http://auth.example/token"],
    ["127.0.0.1:5000", "ftp://auth.example/token"],
  ])("of %s may not be %s", async (host, realm) => {
    const to = transport();
    await expect(fetchToken(request(host, realm), to)).rejects.toMatchObject({ code: "RegistryProtocol" });
    expect(to.asked).toEqual([]);
  });

  it("is not logged in to with what the realm itself brings", async () => {
    const to = transport();
    await fetchToken(
      { ...request("registry.example", "https://a:b@auth.example/t#x"), credential: undefined },
      to,
    );
    expect(to.asked).toEqual([
      "GET https://auth.example/t?scope=repository%3Aapp%3Apull&client_id=krustlet -",
    ]);
  });

  it.each([
    [{ token: "t" }, 60_000],
    [{ token: "t", expires_in: 300 }, 300_000],
    [{ access_token: "t", expires_in: 1e9 }, 86_400_000],
    [{ token: "t", expires_in: -5 }, 60_000],
    [{ token: "t", expires_in: "300" }, 60_000],
  ])("answers %j, which holds for %i ms", async (answer, lifetime) => {
    const token = await fetchToken(request("registry.example", "https://auth.example/"), transport(answer));
    expect(token).toEqual({ value: "t", lifetime });
  });

  it.each([[{}], [null], [{ token: "" }], [{ token: "a\r\nb" }], [{ token: 7 }]])(
    "is told apart from one that answers %j",
    async (answer) => {
      const asked = fetchToken(request("registry.example", "https://auth.example/"), transport(answer));
      await expect(asked).rejects.toMatchObject({
        code: "RegistryProtocol",
        message: expect.not.stringContaining("a\r"),
      });
    },
  );
});

it("a token is kept for its repository and login, and not used in its last seconds", async () => {
  let now = Date.UTC(2026, 0, 1);
  const to = transport({ token: "t", expires_in: 60 });
  const authorizer = createAuthorizer(to, { now: () => new Date(now) });
  const login = {
    reference: parseReference("registry.example/app"),
    host: "registry.example",
    credential: { registry: "registry.example", username: "me", password: "secret" },
  };
  expect(authorizer.known(login)).toBeUndefined();
  expect(await authorizer.answer(login, 'Bearer realm="https://auth.example/"')).toBe("Bearer t");
  expect(authorizer.known(login)).toBe("Bearer t");
  expect(authorizer.known({ ...login, credential: undefined })).toBeUndefined();
  for (const other of [{ username: "you" }, { password: "x" }, { identityToken: "x" }]) {
    expect(authorizer.known({ ...login, credential: { ...login.credential, ...other } })).toBeUndefined();
  }
  expect(authorizer.known({ ...login, reference: parseReference("registry.example/other") })).toBeUndefined();
  now += 54_000;
  expect(authorizer.known(login)).toBe("Bearer t");
  now += 1000;
  expect(authorizer.known(login)).toBeUndefined();
  await authorizer.answer(login, 'Bearer realm="https://auth.example/"');
  // What a 401 answers is not good any more, whatever comes of the question for another.
  expect(await authorizer.answer(login, "Negotiate")).toBeUndefined();
  expect(authorizer.known(login)).toBeUndefined();
});
