import { FakeClock } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { logLineText } from "../src/log/log-line-text.ts";
import { openNodeLog, podFields } from "../src/log/node-log.ts";
import { withoutSecrets } from "../src/log/without-secrets.ts";
import { memorySink } from "./memory-sink.ts";

const KEY = { namespace: "default", name: "web", uid: "u-1" };
const JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl";

function opened(options: { verbosity?: number; format?: "auto" | "text" | "json"; isTTY?: boolean } = {}) {
  const sink = memorySink(options.isTTY ?? false);
  const { verbosity = 0, format = "auto" } = options;
  const { log } = openNodeLog({ verbosity, format, stderr: sink, toDescriptor: false });
  return { log, text: () => sink.text(), lines: () => sink.text().trimEnd().split("\n") };
}

describe("lines", () => {
  it("are JSON where stderr is no terminal, each with the pod and container it is about", () => {
    const { log, lines } = opened();
    log.info(podFields(KEY, "main"), "started");
    const line = JSON.parse(lines()[0] ?? "") as Record<string, unknown>;
    expect(line).toMatchObject({
      level: 30,
      pod: "default/web",
      uid: "u-1",
      container: "main",
      msg: "started",
    });
    expect(line["time"]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/u);
  });
  it("are text on a terminal, and where text is asked for", () => {
    for (const options of [{ isTTY: true }, { format: "text" }] as const) {
      const { log, text } = opened(options);
      log.warn({ ...podFields(KEY, "main"), err: new Error("no route") }, "the pull has failed");
      expect(text()).toMatch(
        /^\S+ WARN {2}pod default\/web, container main: the pull has failed: no route \(uid=u-1\)\n$/u,
      );
    }
  });
  it("are fewer or more by the verbosity", () => {
    const told = (verbosity: number): number => {
      const { log, lines } = opened({ verbosity });
      log.info("a");
      log.debug("b");
      log.trace("c");
      return lines().length;
    };
    expect([told(0), told(2), told(4)]).toEqual([1, 2, 3]);
  });
  it("cannot move a terminal's cursor, whatever a registry says", () => {
    const { log, text } = opened({ isTTY: true });
    log.error({ err: new Error("\u001b[2Jgone\r\nfake line") }, "the pull has failed");
    for (const character of ["\u001b", "\r", "\n"]) expect(text().trimEnd()).not.toContain(character);
  });
  it("that are no JSON are shown as they are", () => {
    expect(logLineText("a\u0007b")).toBe("a�b");
    // Letters that would be read from right to left, up to where somebody else wants it.
    expect(logLineText("fs\u202egpj.mssw\u2066")).toBe("fs�gpj.mssw�");
  });
});

describe("secrets", () => {
  const PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----";
  it.each([
    ["a bearer token", "Authorization: Bearer abcdef123456", "abcdef123456"],
    ["a basic password", "authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
    ["a service account's token", `denied for ${JWT}`, "c2lnbmF0dXJl"],
    ["a bootstrap token", "cannot use 07401b.f395accd246ae52d", "f395accd246ae52d"],
    ["a key", `cannot parse ${PEM}`, "MHcCAQEEIA"],
    ["half a key", PEM.slice(0, 40), "MHcCAQ"],
    ["a URL's password", "GET https://me:hunter22@registry.example/v2/", "hunter22"],
    ["a query's token", "GET /?token=opaque-words", "opaque-words"],
    ["a kubeconfig's token", "token: opaque0123456789words", "opaque0123456789words"],
    ["a JSON token", '{"access_token":"opaque-words"}', "opaque-words"],
  ])("%s is taken out of messages and errors", (_, text, secret) => {
    expect(withoutSecrets(text)).not.toContain(secret);
    const { log, text: written } = opened({ verbosity: 4 });
    log.info(text);
    log.error({ err: new Error("outer", { cause: new Error(text) }) }, "it failed");
    log.error({ err: Object.assign(new Error("x"), { headers: { authorization: text }, body: text }) }, "y");
    log.info({ token: text, request: { authorization: text } }, "z");
    expect(written()).not.toContain(secret);
  });
  it("leave other words alone", () => {
    const sentence =
      "failed to fetch token: POST /api/v1/namespaces/default/serviceaccounts/default/token: the API server answered 403";
    expect(withoutSecrets(sentence)).toBe(sentence);
    const text =
      "image registry.example/app:v1 of pod kube-system/dns is not there; token of default/sa expires";
    expect(withoutSecrets(text)).toBe(text);
  });
});

describe("a reader who stands still", () => {
  const stuck = () => {
    const read = Promise.withResolvers<void>();
    const sink = { ...memorySink(), write: () => read.promise };
    const clock = new FakeClock();
    return {
      read,
      clock,
      ...openNodeLog({ verbosity: 0, format: "json", stderr: sink, toDescriptor: false, clock }),
    };
  };

  it("does not hold up the end of the node for more than a second", async () => {
    const { log, clock, [Symbol.asyncDispose]: dispose } = stuck();
    log.info("the last line");
    let ended = false;
    const ending = dispose().then(() => (ended = true));
    await clock.advance(999);
    expect(ended).toBe(false);
    await clock.advance(1);
    await ending;
    expect(ended).toBe(true);
  });

  it("does not fill the memory: lines are lost, and whoever checks is told, until he reads again", async () => {
    const { log, checkLog, read, clock } = stuck();
    const line = "x".repeat(1024 * 1024);
    for (let count = 0; count < 3; count += 1) log.info(line);
    expect(checkLog).not.toThrow();
    for (let count = 0; count < 3; count += 1) log.info(line);
    expect(checkLog).toThrow("nobody reads the log, and lines are lost");
    read.resolve();
    await clock.advance(0);
    log.info("he reads again");
    expect(checkLog).not.toThrow();
  });
});

it("a log whose lines are lost says why to whoever checks it", async () => {
  const failed = Promise.withResolvers<Error>();
  const stderr = { ...memorySink(), failed: failed.promise };
  const { checkLog } = openNodeLog({ verbosity: 0, format: "json", stderr, toDescriptor: false });
  expect(checkLog).not.toThrow();
  failed.resolve(new Error("write ENOSPC"));
  await failed.promise;
  expect(checkLog).toThrow("write ENOSPC");
});
