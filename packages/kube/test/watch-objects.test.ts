import { KrustletError } from "@krustlet/interface";
import { FakeClock } from "@krustlet/testkit";
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  nat,
  oneof,
  record,
} from "fast-check";
import { expect, test } from "vitest";
import type { ObjectChange } from "../src/known-objects.ts";
import type { Kube } from "../src/kube.ts";
import type { WatchOptions } from "../src/watch-objects.ts";
import { watchObjects } from "../src/watch-objects.ts";
import type { ModelObject } from "./model-api-server.ts";
import { apiError, ModelApiServer } from "./model-api-server.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What a listener makes of what it is told, and what it has to complain of. */
class Listener {
  readonly told: string[] = [];
  readonly complaints: string[] = [];
  readonly objects = new Map<string, string>();
  synced = 0;
  readonly #versions = new Set<string>();

  take(change: ObjectChange<ModelObject>): void {
    if (change.type === "synced") {
      this.synced += 1;
      return;
    }
    const { name, uid, resourceVersion } = change.object.metadata;
    this.told.push(`${change.type} ${name}`);
    const now = `${uid}@${resourceVersion}`;
    const before = this.objects.get(name);
    if (change.type !== "deleted") {
      if (this.#versions.has(now)) this.complaints.push(`${name} ${now} is told twice`);
      this.#versions.add(now);
    }
    if (change.type === "added" && before !== undefined) this.complaints.push(`${name} is added twice`);
    if (change.type !== "added" && before?.split("@")[0] !== uid) {
      this.complaints.push(`${name} ${now} is ${change.type}, but ${before} was there`);
    }
    if (change.type === "deleted") this.objects.delete(name);
    else this.objects.set(name, now);
  }
}

function watch(server: ModelApiServer, options: WatchOptions<ModelObject> = {}) {
  const clock = new FakeClock();
  const listener = new Listener();
  const subscription = watchObjects<ModelObject>(
    server as unknown as Kube,
    { path: "/api/v1/things", fieldSelector: "spec.nodeName=n" },
    { clock, random: () => 0.5, ...options },
  ).subscribe((change) => listener.take(change));
  return { clock, listener, subscription };
}

function stateOf(server: ModelApiServer): Map<string, string> {
  return new Map(
    [...server.objects].map(([name, { metadata }]) => [name, `${metadata.uid}@${metadata.resourceVersion}`]),
  );
}

const NAMES = constantFrom("a", "b", "c", "d");
const COMMANDS = oneof(
  { weight: 4, arbitrary: record({ do: constant("put" as const), name: NAMES }) },
  { weight: 2, arbitrary: record({ do: constant("delete" as const), name: NAMES }) },
  { weight: 1, arbitrary: record({ do: constant("recreate" as const), name: NAMES }) },
  {
    weight: 2,
    arbitrary: record({
      do: constant("cut" as const),
      how: constantFrom("end" as const, "error" as const, "midline" as const),
    }),
  },
  { weight: 1, arbitrary: record({ do: constant("compact" as const), inStream: boolean() }) },
  { weight: 1, arbitrary: record({ do: constant("bookmark" as const) }) },
  {
    weight: 1,
    arbitrary: record({ do: constant("fail" as const), code: constantFrom(429, 500, 503) }),
  },
  { weight: 1, arbitrary: record({ do: constant("reach" as const) }) },
  { weight: 3, arbitrary: record({ do: constant("turn" as const) }) },
  { weight: 2, arbitrary: record({ do: constant("wait" as const), ms: nat(20_000) }) },
);

test("no change is lost and none is told twice, whatever is cut, forgotten or refused in whatever order", async () => {
  await assert(
    asyncProperty(
      array(COMMANDS, { maxLength: 40 }),
      boolean(),
      constantFrom(0, 1, 7, 100),
      async (commands, streaming, chunkBytes) => {
        const server = new ModelApiServer();
        server.streaming = streaming;
        server.chunkBytes = chunkBytes;
        const { clock, listener, subscription } = watch(server);
        for (const command of commands) {
          if (command.do === "put") server.put(command.name);
          if (command.do === "delete") server.delete(command.name);
          if (command.do === "recreate") {
            server.delete(command.name);
            server.put(command.name);
          }
          if (command.do === "cut") server.cut(command.how);
          if (command.do === "compact") {
            server.compact();
            server.expiresInStream = command.inStream;
          }
          if (command.do === "bookmark") server.bookmark();
          if (command.do === "fail") server.failures.push(apiError(command.code));
          if (command.do === "reach") server.reachable$.next();
          if (command.do === "turn") await turn();
          if (command.do === "wait") await clock.advance(command.ms);
        }
        // At the latest after the longest wait everything has been told.
        for (let i = 0; i < 45; i += 1) await clock.advance(31_000);
        expect(listener.complaints).toEqual([]);
        expect(listener.objects).toEqual(stateOf(server));
        expect(listener.synced).toBe(1);
        subscription.unsubscribe();
        await turn();
        expect(server.watches).toBe(0);
      },
    ),
    { numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 150), seed: 4 },
  );
});

test("what there is comes as a stream, and no list is asked for", async () => {
  const server = new ModelApiServer();
  server.put("a");
  server.put("b");
  const { listener, subscription } = watch(server);
  await turn();
  expect(listener.told).toEqual(["added a", "added b"]);
  expect(listener.synced).toBe(1);
  expect(server.calls).toHaveLength(1);
  expect(server.calls[0]?.query).toMatchObject({
    watch: true,
    sendInitialEvents: true,
    resourceVersionMatch: "NotOlderThan",
    allowWatchBookmarks: true,
    fieldSelector: "spec.nodeName=n",
  });
  subscription.unsubscribe();
});

test("an API server that cannot stream is asked for a list, at once", async () => {
  const server = new ModelApiServer();
  server.streaming = false;
  server.put("a");
  const { listener, subscription } = watch(server);
  await turn();
  expect(listener.told).toEqual(["added a"]);
  expect(server.calls.map(({ query }) => query?.["watch"])).toEqual([true, undefined, true]);
  subscription.unsubscribe();
});

test("a cut watch goes on at its last bookmark", async () => {
  const server = new ModelApiServer();
  const { clock, subscription } = watch(server);
  await turn();
  server.compact();
  server.bookmark();
  await turn();
  server.cut("error");
  await clock.advance(200);
  expect(server.calls).toHaveLength(2);
  expect(server.calls[1]?.query).toMatchObject({ resourceVersion: "2" });
  expect(server.watches).toBe(1);
  subscription.unsubscribe();
});

test("a watch on which nothing has come for long goes on where it was, and has not failed", async () => {
  const server = new ModelApiServer();
  const failures: unknown[] = [];
  let silences = 0;
  const { listener, subscription } = watch(server, {
    onFailure: (error) => failures.push(error),
    onSilence: () => (silences += 1),
  });
  await turn();
  server.cut("silence");
  server.put("a");
  await turn();
  expect(listener.told).toEqual(["added a"]);
  expect(failures).toEqual([]);
  expect(silences).toBe(1);
  subscription.unsubscribe();
});

test("an API server that does not answer a new watch has failed", async () => {
  const server = new ModelApiServer();
  const failures: unknown[] = [];
  server.failures = [new KrustletError("Timeout", "no answer")];
  const { clock, listener, subscription } = watch(server, { onFailure: (error) => failures.push(error) });
  await clock.advance(1000);
  expect(failures).toMatchObject([{ code: "Timeout" }]);
  expect(listener.synced).toBe(1);
  subscription.unsubscribe();
});

test("what is deleted while nobody watched is told with the last state that was known", async () => {
  const server = new ModelApiServer();
  server.put("a");
  const { clock, listener, subscription } = watch(server);
  await turn();
  server.cut("error");
  server.delete("a");
  server.put("b");
  server.compact();
  await clock.advance(1000);
  expect(listener.told).toEqual(["added a", "added b", "deleted a"]);
  subscription.unsubscribe();
});

test("failures are told with the wait that follows: doubling from 200 ms to 30 s, and as the API server asks", async () => {
  const server = new ModelApiServer();
  server.failures = [...Array.from({ length: 10 }, () => apiError(500)), apiError(429, "slow down", 60_000)];
  const waits: number[] = [];
  const { clock, subscription } = watch(server, {
    random: () => 1,
    onFailure: (_, ms) => waits.push(ms),
  });
  for (let i = 0; i < 30; i += 1) await clock.advance(10_000);
  expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 66_000]);
  expect(server.watches).toBe(1);
  subscription.unsubscribe();
});

const unreachable = new KrustletError("ApiServerUnavailable", "Nothing listens there.", { retryable: true });

test("a watch that nobody answered tries again as soon as other calls are answered", async () => {
  const server = new ModelApiServer();
  server.failures = Array.from({ length: 12 }, () => unreachable);
  const { clock, listener, subscription } = watch(server, { random: () => 1 });
  for (let i = 0; i < 8; i += 1) await clock.advance(10_000);
  const tries = server.calls.length;
  server.reachable$.next();
  await clock.advance(200);
  expect(server.calls).toHaveLength(tries + 1);
  // It was too early: from here on it waits as from the beginning, 200 ms and then 400.
  await clock.advance(200 + 400);
  expect(server.calls).toHaveLength(tries + 3);
  expect(listener.synced).toBe(0);
  server.failures = [];
  server.reachable$.next();
  await clock.advance(200);
  expect(listener.synced).toBe(1);
  expect(server.reachable$.observed).toBe(false);
  subscription.unsubscribe();
});

test.each([apiError(403), apiError(429, "storage is initializing", 1000)])(
  "a watch that is refused by an API server that has just come back waits as after a first failure: %s",
  async (refusal) => {
    const server = new ModelApiServer();
    server.failures = [...Array.from({ length: 12 }, () => unreachable), refusal, refusal];
    const { clock, listener, subscription } = watch(server, { random: () => 1 });
    while (server.failures.length > 2) await clock.advance(1000);
    // It was let in by its own next try, at the end of 30 s.
    while (server.failures.length > 1) await clock.advance(1000);
    await clock.advance(3000);
    expect(listener.synced).toBe(1);
    subscription.unsubscribe();
  },
);

test("a watch that is refused, or told to wait, waits whatever other calls are answered", async () => {
  for (const failure of [apiError(403), apiError(429, "slow down", 60_000)]) {
    const server = new ModelApiServer();
    server.failures = Array.from({ length: 10 }, () => failure);
    const { clock, subscription } = watch(server, { random: () => 1 });
    await clock.advance(5000);
    const tries = server.calls.length;
    server.reachable$.next();
    await clock.advance(200);
    expect(server.calls).toHaveLength(tries);
    subscription.unsubscribe();
    expect(server.reachable$.observed).toBe(false);
  }
});

test("a watch that waits for the API server is over when nobody follows it any more", async () => {
  const server = new ModelApiServer();
  server.failures = [unreachable];
  const { clock, subscription } = watch(server);
  await turn();
  expect(server.reachable$.observed).toBe(true);
  subscription.unsubscribe();
  await clock.advance(60_000);
  expect(server.reachable$.observed).toBe(false);
  expect(server.calls).toHaveLength(1);
});

test("a stream that never says that it has said all is given up for a list", async () => {
  const server = new ModelApiServer();
  const open = server.open.bind(server);
  let first = true;
  server.open = async (call, options) => {
    if (!first) return open(call, options);
    first = false;
    server.calls.push(call);
    return {
      async *[Symbol.asyncIterator]() {
        yield Buffer.from(
          '{"type":"ADDED","object":{"metadata":{"name":"x","namespace":"ns","uid":"u","resourceVersion":"1"}}}\n',
        );
        await new Promise((_, reject) =>
          options.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
        );
      },
    };
  };
  server.put("a");
  const { clock, listener, subscription } = watch(server);
  await clock.advance(30_000);
  expect(listener.told).toEqual(["added x", "deleted x", "added a"]);
  expect(listener.synced).toBe(1);
  subscription.unsubscribe();
});

test("garbage in a watch ends its connection, not the watch", async () => {
  const server = new ModelApiServer();
  const failures: unknown[] = [];
  const { clock, listener, subscription } = watch(server, { onFailure: (error) => failures.push(error) });
  await turn();
  const garbage = [
    '{"type":"ADDED"}',
    "}{",
    "null",
    '{"type":"ADDED","object":{"metadata":null}}',
    "[]",
    '"x"',
    "",
  ];
  for (const line of garbage) {
    const open = server.open.bind(server);
    server.open = async () => {
      server.open = open;
      return {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from(`${line}\n`);
        },
      };
    };
    server.cut("end");
    await clock.advance(31_000);
  }
  server.put("a");
  await clock.advance(31_000);
  expect(listener.told).toEqual(["added a"]);
  expect(failures).toHaveLength(garbage.length);
  for (const failure of failures)
    expect(failure).toMatchObject({ name: "KrustletError", code: "ApiServerUnavailable" });
  subscription.unsubscribe();
});
