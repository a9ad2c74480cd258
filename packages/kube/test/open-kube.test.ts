import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, selfSignedCertificate } from "@krustlet/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openKube } from "../src/open-kube.ts";
import { answerJson, kubeconfigOf, startServer } from "./api-server.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kube-test-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function sentenceOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error("it worked"),
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ name: "KrustletError" });
  const { message } = error as Error;
  expect(message).not.toContain("\n");
  expect(message).toMatch(/\.$/);
  return message.replaceAll(directory, "DIR");
}

const base = kubeconfigOf("https://127.0.0.1:1");

test.each([
  ["bad YAML", "clusters: [", /^The kubeconfig DIR\/x\.yaml is no YAML: /],
  ["a list", "- a", "The kubeconfig DIR/x.yaml is no kubeconfig: it is not a map."],
  ["nothing", "", /^The kubeconfig DIR\/x\.yaml is no /],
  ["a Pod", "apiVersion: v1\nkind: Pod\n", 'The kubeconfig DIR/x.yaml is no kubeconfig: its kind is "Pod".'],
  ["no current context", "kind: Config\n", "The kubeconfig DIR/x.yaml has no current-context."],
  [
    "an unknown context",
    "current-context: a\ncontexts: []\n",
    'The kubeconfig DIR/x.yaml has no context "a", which is its current-context.',
  ],
  [
    "an unknown cluster",
    JSON.stringify({ ...base, clusters: [] }),
    'The kubeconfig DIR/x.yaml has no cluster "k", which its context names.',
  ],
  [
    "an unknown user",
    JSON.stringify({ ...base, users: null }),
    'The kubeconfig DIR/x.yaml has no user "u", whom its context names.',
  ],
  [
    "no address",
    JSON.stringify(kubeconfigOf("somewhere")),
    'The kubeconfig DIR/x.yaml has no address of an API server in clusters "k": server is "somewhere".',
  ],
  [
    "plain HTTP to elsewhere",
    JSON.stringify(kubeconfigOf("http://192.0.2.1:8080")),
    'The kubeconfig DIR/x.yaml would send credentials without TLS: server is "http://192.0.2.1:8080".',
  ],
  [
    "a CA that is none",
    JSON.stringify(kubeconfigOf("https://127.0.0.1:1", {}, { "certificate-authority-data": "aGk=" })),
    'The certificate authority of the kubeconfig DIR/x.yaml, user "u" is no PEM certificate.',
  ],
  [
    "a CA file that is missing",
    JSON.stringify(kubeconfigOf("https://127.0.0.1:1", {}, { "certificate-authority": "no.pem" })),
    /^The certificate-authority of the kubeconfig DIR\/x\.yaml cannot be read: ENOENT: .*DIR\/no\.pem'\.$/,
  ],
  [
    "a token that is no text",
    JSON.stringify(kubeconfigOf("https://127.0.0.1:1", { token: 7 })),
    "The kubeconfig DIR/x.yaml is not right: token is no text.",
  ],
  [
    "a credential plugin without a command",
    JSON.stringify(kubeconfigOf("https://127.0.0.1:1", { exec: {} })),
    "The kubeconfig DIR/x.yaml is not right: exec names no command.",
  ],
  [
    "a credential plugin that is missing",
    JSON.stringify(kubeconfigOf("https://127.0.0.1:1", { exec: { command: "no-such-plugin" } })),
    "The credentials of the kubeconfig DIR/x.yaml cannot be had: spawn no-such-plugin ENOENT.",
  ],
])("a kubeconfig with %s is refused with a sentence", async (_, content, sentence) => {
  const path = await file("x.yaml", content);
  const said = await sentenceOf(openKube({ kubeconfig: path }));
  expect(said).toSatisfy((said: string) =>
    typeof sentence === "string" ? said === sentence : sentence.test(said),
  );
});

test("a kubeconfig that is not there is refused with a sentence, and so is an expired certificate", async () => {
  const missing = sentenceOf(openKube({ kubeconfig: join(directory, "missing") }));
  expect(await missing).toBe("The kubeconfig DIR/missing does not exist.");
  const old = selfSignedCertificate(new Date("2020-01-01"));
  const user = {
    "client-certificate-data": Buffer.from(old.certificate).toString("base64"),
    "client-key-data": Buffer.from(old.key).toString("base64"),
  };
  const said = await sentenceOf(openKube({ kubeconfig: kubeconfigOf("https://127.0.0.1:1", user) }));
  expect(said).toBe(
    'The client certificate of the kubeconfig, user "u" expired at 2020-01-02T00:00:00.000Z.',
  );
});

test("a YAML error does not quote the file, which holds secrets", async () => {
  const path = await file("secret.yaml", "users:\n- user: {token: hunter2\n  x: [\n");
  expect(await sentenceOf(openKube({ kubeconfig: path }))).not.toContain("hunter2");
});

test("a call sends the token of a file, the user agent and JSON, and gives the answer", async () => {
  await using server = await startServer((_, response) => answerJson(response, 200, { ok: true }));
  await file("token", "s3cret\n");
  const config = { ...kubeconfigOf(`${server.url}/prefix/`, { tokenFile: "token" }) };
  const path = await file("k.yaml", JSON.stringify(config));
  await using kube = await openKube({ kubeconfig: path, userAgent: "krustlet/1" });
  expect(kube.server).toBe(`${server.url}/prefix`);
  const answer = await kube.request({
    method: "PATCH",
    path: "/api/v1/x",
    query: { a: "b c", none: undefined },
    body: { at: new Date("2026-01-02T03:04:05.678Z") },
  });
  expect(answer).toEqual({ ok: true });
  expect(server.asked).toMatchObject([
    {
      method: "PATCH",
      path: "/prefix/api/v1/x?a=b+c",
      body: '{"at":"2026-01-02T03:04:05Z"}',
      headers: {
        authorization: "Bearer s3cret",
        "user-agent": "krustlet/1",
        "content-type": "application/strategic-merge-patch+json",
      },
    },
  ]);
});

test("a credential plugin is asked once, and again when the API server does not believe it", async () => {
  await using server = await startServer(({ headers }, response) =>
    answerJson(response, headers.authorization === "Bearer 2" ? 200 : 401, {}),
  );
  const counter = await file("count", "");
  const script = await file(
    "plugin.mjs",
    `import { appendFileSync, readFileSync } from "node:fs";
     const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
     appendFileSync(${JSON.stringify(counter)}, "x");
     const token = String(readFileSync(${JSON.stringify(counter)}).length);
     console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: info.kind, status: { token } }));`,
  );
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args: [script] };
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url, { exec }) });
  await kube.request({ path: "/x" });
  await kube.request({ path: "/x" });
  expect(server.asked.map(({ headers }) => headers["authorization"])).toEqual([
    "Bearer 1",
    "Bearer 2",
    "Bearer 2",
  ]);
});

test.each([
  ["nothing", ""],
  ["no JSON", "hello"],
  ["no credential", "{}"],
  ["null", "null"],
  ["an empty credential", '{"status":{}}'],
])("a credential plugin that prints %s is refused with a sentence", async (_, output) => {
  const exec = { command: process.execPath, args: ["-e", `process.stdout.write(${JSON.stringify(output)})`] };
  const said = await sentenceOf(openKube({ kubeconfig: kubeconfigOf("https://127.0.0.1:1", { exec }) }));
  expect(said).toBe(
    "The credentials of the kubeconfig cannot be had: what its plugin printed is no credential.",
  );
});

test("a credential plugin that fails is refused with what it said", async () => {
  const exec = { command: process.execPath, args: ["-e", "console.error('log in first'); process.exit(1)"] };
  const said = await sentenceOf(openKube({ kubeconfig: kubeconfigOf("https://127.0.0.1:1", { exec }) }));
  expect(said).toBe("The credentials of the kubeconfig cannot be had: log in first.");
});

test("a credential plugin's client certificate is shown", async () => {
  const { certificate: cert, key } = selfSignedCertificate();
  const seen: string[] = [];
  await using server = await startServer(
    (_, response, request) => {
      const socket = request.socket as unknown as {
        getPeerX509Certificate(): { toString(): string } | undefined;
      };
      seen.push(String(socket.getPeerX509Certificate()));
      answerJson(response, 200, {});
    },
    { cert, key, requestCert: true },
  );
  const status = { clientCertificateData: cert, clientKeyData: key };
  const credential = JSON.stringify({ kind: "ExecCredential", status });
  const exec = {
    command: process.execPath,
    args: ["-e", `process.stdout.write(${JSON.stringify(credential)})`],
  };
  const ca = { "certificate-authority-data": Buffer.from(cert).toString("base64") };
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url, { exec }, ca) });
  await kube.request({ path: "/x" });
  expect(seen).toEqual([cert]);
});

test("a token file is read again when the API server does not believe what it said", async () => {
  const path = await file("token2", "old");
  await using server = await startServer(({ headers }, response) =>
    answerJson(response, headers["authorization"] === "Bearer new" ? 200 : 401, {}),
  );
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url, { tokenFile: path }) });
  await expect(kube.request({ path: "/x" })).rejects.toMatchObject({ code: 401 });
  await writeFile(path, "new\n");
  expect(await kube.request({ path: "/x" })).toEqual({});
  await rm(path);
  expect(await kube.request({ path: "/x" })).toEqual({});
});

test("whom a kubeconfig impersonates is told", async () => {
  await using server = await startServer((_, response) => answerJson(response, 200, {}));
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url, { token: "t", as: "alice" }) });
  await kube.request({ path: "/x" });
  expect(server.asked[0]?.headers).toMatchObject({ authorization: "Bearer t", "impersonate-user": "alice" });
});

test("an answer that is no success rejects with its status, the server's words and the wait it asks for", async () => {
  await using server = await startServer((_, response) =>
    answerJson(
      response,
      429,
      { kind: "Status", code: 429, reason: "TooManyRequests", message: "too many\nrequests" },
      { "retry-after": "3" },
    ),
  );
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url) });
  await expect(kube.request({ path: "/x" })).rejects.toMatchObject({
    name: "ApiError",
    code: 429,
    reason: "TooManyRequests",
    retryAfterMs: 3000,
    message: "GET /x: the API server answered 429: too many requests",
  });
  await expect(kube.open({ path: "/x" }, { silentAfterMs: 1000 })).rejects.toMatchObject({ code: 429 });
});

test("a call that is never answered, or stops in the middle, ends with its time limit", async () => {
  await using server = await startServer(({ path }, response) => {
    if (path === "/half") response.writeHead(200).write('{"a":');
  });
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url) });
  const error = { name: "KrustletError", code: "Timeout", retryable: true };
  await Promise.all([
    expect(kube.request({ path: "/never" }, { timeoutMs: 100 })).rejects.toMatchObject(error),
    expect(kube.request({ path: "/half" }, { timeoutMs: 100 })).rejects.toMatchObject(error),
  ]);
});

test("a call that is cut, or answered with what is no JSON, is a failure that may pass", async () => {
  await using server = await startServer(({ path }, response) => {
    if (path === "/html") response.end("<html>");
    else response.destroy();
  });
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url) });
  const error = { name: "KrustletError", code: "ApiServerUnavailable", retryable: true };
  await expect(kube.request({ path: "/x" })).rejects.toMatchObject(error);
  await expect(kube.request({ path: "/html" })).rejects.toMatchObject(error);
});

test("an aborted call rejects with the signal's reason", async () => {
  await using server = await startServer(() => undefined);
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url) });
  const end = new AbortController();
  const call = kube.request({ path: "/x" }, { signal: end.signal });
  const reason = new Error("enough");
  end.abort(reason);
  await expect(call).rejects.toBe(reason);
});

test("it is told when an API server answers again, refusals included, and only then", async () => {
  let how: "cut" | 200 | 404 | 503 = "cut";
  await using server = await startServer((_, response) => {
    if (how === "cut") response.destroy();
    else answerJson(response, how, {});
  });
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url) });
  let told = 0;
  kube.reachable$.subscribe(() => (told += 1));
  const ask = async (next: typeof how): Promise<number> => {
    how = next;
    await kube.request({ path: "/x" }).catch(() => undefined);
    return told;
  };
  expect(await ask(200)).toBe(0);
  expect(await ask("cut")).toBe(0);
  expect(await ask(503)).toBe(0);
  expect(await ask(404)).toBe(1);
  expect(await ask(200)).toBe(1);
  expect(await ask(503)).toBe(1);
  how = 200;
  const stream = await kube.open({ path: "/x" }, { silentAfterMs: 1000 });
  expect(told).toBe(2);
  for await (const _ of stream);
  // Nobody waits for the answer any more: that says nothing of the API server.
  await kube.request({ path: "/x" }, { signal: AbortSignal.abort() }).catch(() => undefined);
  expect(await ask(200)).toBe(2);
});

test("a server that is not there, and one that is not trusted, have sentences of their own", async () => {
  const gone = await startServer(() => undefined);
  await gone[Symbol.asyncDispose]();
  await using nowhere = await openKube({ kubeconfig: kubeconfigOf(gone.url) });
  const said = await sentenceOf(nowhere.request({ path: "/x" }));
  expect(said).toBe(`The API server ${gone.url} cannot be reached for GET /x: nothing listens there.`);

  const { certificate: cert, key } = selfSignedCertificate();
  await using server = await startServer((_, response) => answerJson(response, 200, {}), { cert, key });
  await using stranger = await openKube({ kubeconfig: kubeconfigOf(server.url) });
  expect(await sentenceOf(stranger.request({ path: "/x" }))).toBe(
    `The API server ${server.url} is not trusted: its certificate is not signed by the kubeconfig's certificate authority.`,
  );
  const old = selfSignedCertificate(new Date("2020-01-01"));
  await using late = await startServer(() => undefined, { cert: old.certificate, key: old.key });
  const ca = { "certificate-authority-data": Buffer.from(old.certificate).toString("base64") };
  await using trusting = await openKube({ kubeconfig: kubeconfigOf(late.url, {}, ca) });
  expect(await sentenceOf(trusting.request({ path: "/x" }))).toBe(
    `The API server ${late.url} is not trusted: its certificate has expired.`,
  );
});

test("a stream over HTTP/2 brings what comes as it comes, and a silent one fails", async () => {
  const { certificate: cert, key } = selfSignedCertificate();
  await using server = await startServer((_, response) => void response.writeHead(200).write("one\n"), {
    cert,
    key,
  });
  const ca = { "certificate-authority-data": Buffer.from(cert).toString("base64") };
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url, {}, ca) });
  const took: string[] = [];
  const read = async (): Promise<void> => {
    for await (const chunk of await kube.open({ path: "/x" }, { silentAfterMs: 300 })) {
      took.push(Buffer.from(chunk).toString());
    }
  };
  await expect(Promise.all([read(), read(), read()])).rejects.toMatchObject({ code: "Timeout" });
  expect(took).toEqual(["one\n", "one\n", "one\n"]);
  expect(server.connections()).toBe(1);
});

test("a new client certificate is used by the next call, and cuts streams so that they come again with it", async () => {
  const ours = selfSignedCertificate();
  const next = selfSignedCertificate();
  const seen: string[] = [];
  await using server = await startServer(
    ({ path }, response, request) => {
      const socket = request.socket as unknown as {
        getPeerX509Certificate(): { toString(): string } | undefined;
      };
      seen.push(socket.getPeerX509Certificate()?.toString() === next.certificate ? "next" : "ours");
      if (path === "/stream") response.writeHead(200).write("one\n");
      else answerJson(response, 200, {});
    },
    { cert: ours.certificate, key: ours.key, requestCert: true },
  );
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  const user = { "client-certificate-data": encode(ours.certificate), "client-key-data": encode(ours.key) };
  const ca = { "certificate-authority-data": encode(ours.certificate) };
  await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url, user, ca) });
  await kube.request({ path: "/x" });
  const stream = await kube.open({ path: "/stream" }, { silentAfterMs: 20_000 });
  const reading = (async () => {
    for await (const _ of stream)
      kube.replaceClientCertificate({ certificate: next.certificate, key: next.key });
  })();
  await expect(reading).rejects.toMatchObject({ code: "ApiServerUnavailable" });
  await kube.request({ path: "/x" });
  expect(seen).toEqual(["ours", "ours", "next"]);
  const wrong = { certificate: ours.certificate, key: next.key };
  expect(() => kube.replaceClientCertificate(wrong)).toThrow(
    "The new client certificate belongs to another key.",
  );
  expect(() => kube.replaceClientCertificate({ certificate: "x", key: "y" })).toThrow("is no PEM");
});

test("closing ends what is under way, that with an earlier certificate too, and nothing is open afterwards", async () => {
  const { certificate: cert, key } = selfSignedCertificate();
  await using server = await startServer(() => undefined, { cert, key });
  const ca = { "certificate-authority-data": Buffer.from(cert).toString("base64") };
  const kube = await openKube({ kubeconfig: kubeconfigOf(server.url, {}, ca) });
  const asked = (): Promise<unknown> => kube.request({ path: "/x" }).catch((error: unknown) => error);
  const before = asked();
  await eventually(
    () => server.asked.length === 1,
    () => "the call did not come",
  );
  kube.replaceClientCertificate({ certificate: cert, key });
  const calls = [before, asked(), asked()];
  const stream = kube.open({ path: "/y" }, { silentAfterMs: 1000 }).catch((error: unknown) => error);
  await Promise.all([kube.close(), kube.close()]);
  for (const error of await Promise.all([...calls, stream, asked()])) {
    expect(error).toMatchObject({ name: "KrustletError", code: "ApiServerUnavailable" });
  }
});

test("a kubeconfig's proxy is used", async () => {
  const { certificate: cert, key } = selfSignedCertificate();
  await using server = await startServer((_, response) => answerJson(response, 200, { ok: true }), {
    cert,
    key,
  });
  const through: string[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url = "" }, client: Socket) => {
    through.push(url);
    const [host = "", port] = url.split(":");
    const upstream = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const cluster = {
    "certificate-authority-data": Buffer.from(cert).toString("base64"),
    "proxy-url": `http://127.0.0.1:${port}`,
  };
  {
    await using kube = await openKube({ kubeconfig: kubeconfigOf(server.url, {}, cluster) });
    expect(await kube.request({ path: "/x" })).toEqual({ ok: true });
  }
  expect(through).toEqual([new URL(server.url).host]);
  proxy.closeAllConnections();
  proxy.close();
});
