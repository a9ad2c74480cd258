import { FakeClock } from "@krustlet/testkit";
import { expect, test } from "vitest";
import { createEventRecorder } from "../src/create-event-recorder.ts";
import type { Kube, KubeCall } from "../src/kube.ts";
import type { EventInit } from "../src/plan-event.ts";
import { apiError } from "./model-api-server.ts";

const object = { kind: "Pod", apiVersion: "v1", namespace: "ns", name: "p", uid: "u" };
const event = (message: string, more: Partial<EventInit> = {}): EventInit => ({
  object,
  type: "Normal",
  reason: "Pulled",
  message,
  ...more,
});

function recording(refusals: readonly (Error | undefined)[] = []) {
  const clock = new FakeClock(new Date("2026-01-01T00:00:00.500Z"));
  const calls: KubeCall[] = [];
  const dropped: string[] = [];
  const left = [...refusals];
  const end = new AbortController();
  const request = async (call: KubeCall): Promise<unknown> => {
    calls.push(call);
    const refusal = left.shift();
    if (refusal !== undefined) throw refusal;
    return {};
  };
  const recorder = createEventRecorder({ request } as unknown as Kube, {
    component: "kubelet",
    host: "edge-1",
    clock,
    signal: end.signal,
    onDropped: ({ message }) => dropped.push(message),
  });
  return { clock, calls, dropped, recorder, end };
}

test("an event's annotations are the Event's", async () => {
  const { recorder, calls } = recording();
  recorder.record(event("low", { annotations: { starved_resource: "memory" } }));
  await recorder.flush();
  expect(calls).toMatchObject([
    { body: { metadata: { namespace: "ns", annotations: { starved_resource: "memory" } } } },
  ]);
});

test("an event becomes an Event in its object's namespace, with its source and the container", async () => {
  const { recorder, calls } = recording();
  recorder.record(event("hello", { fieldPath: "spec.containers{c}" }));
  await recorder.flush();
  const at = new Date("2026-01-01T00:00:00.500Z");
  expect(calls).toEqual([
    {
      method: "POST",
      path: "/api/v1/namespaces/ns/events",
      body: {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: expect.stringMatching(/^p\.[0-9a-f]{16}$/) as string, namespace: "ns" },
        involvedObject: { ...object, fieldPath: "spec.containers{c}" },
        type: "Normal",
        reason: "Pulled",
        message: "hello",
        source: { component: "kubelet", host: "edge-1" },
        reportingComponent: "kubelet",
        reportingInstance: "edge-1",
        count: 1,
        firstTimestamp: at,
        lastTimestamp: at,
      },
    },
  ]);
});

test("the same event again counts up the one that is there; where that has expired it is told anew", async () => {
  const { recorder, calls, clock } = recording([undefined, undefined, apiError(404)]);
  recorder.record(event("hello"));
  await clock.advance(5000);
  recorder.record(event("hello"));
  recorder.record(event("hello"));
  await recorder.flush();
  expect(calls.map(({ method }) => method)).toEqual(["POST", "PATCH", "PATCH", "POST"]);
  const { name } = (calls[0]!.body as { metadata: { name: string } }).metadata;
  expect(calls[1]).toEqual({
    method: "PATCH",
    path: `/api/v1/namespaces/ns/events/${name}`,
    body: { count: 2, lastTimestamp: new Date("2026-01-01T00:00:05.500Z"), message: "hello" },
  });
  expect(calls[3]?.body).toMatchObject({
    metadata: { name },
    count: 3,
    firstTimestamp: new Date("2026-01-01T00:00:00.500Z"),
  });
});

test("events of another container, reason or object are told apart", async () => {
  const { recorder, calls } = recording();
  recorder.record(event("x"));
  recorder.record(event("x", { fieldPath: "spec.containers{a}" }));
  recorder.record(event("x", { reason: "Other" }));
  recorder.record(event("x", { type: "Warning" }));
  recorder.record(event("x", { object: { ...object, uid: "u2" } }));
  await recorder.flush();
  expect(calls.map(({ method }) => method)).toEqual(Array(5).fill("POST"));
  const names = calls.map(({ body }) => (body as { metadata: { name: string } }).metadata.name);
  expect(new Set(names).size).toBe(5);
});

test("from the tenth different message of one reason on they are told as one, for ten minutes", async () => {
  const { recorder, calls, clock } = recording();
  for (let i = 1; i <= 12; i += 1) recorder.record(event(`message ${i}`));
  await recorder.flush();
  expect(calls.map(({ method }) => method)).toEqual([...Array<string>(10).fill("POST"), "PATCH", "PATCH"]);
  expect(calls[9]?.body).toMatchObject({ message: "(combined from similar events): message 10", count: 1 });
  expect(calls[11]?.body).toMatchObject({ message: "(combined from similar events): message 12", count: 3 });
  await clock.advance(601_000);
  recorder.record(event("message 13"));
  await recorder.flush();
  expect(calls[12]).toMatchObject({ method: "POST", body: { message: "message 13" } });
});

test("an object that has 25 events at once is not heard until five minutes later; others are", async () => {
  const { recorder, calls, dropped, clock } = recording();
  for (let i = 0; i < 40; i += 1) recorder.record(event("again", { reason: `R${i}` }));
  recorder.record(event("other", { object: { ...object, name: "q", uid: "v" } }));
  await recorder.flush();
  expect(calls).toHaveLength(26);
  expect(dropped).toHaveLength(15);
  await clock.advance(300_000);
  recorder.record(event("again", { reason: "R50" }));
  recorder.record(event("again", { reason: "R51" }));
  await recorder.flush();
  expect(calls).toHaveLength(27);
});

test("a hundred events go at once, then fifty a second", async () => {
  const { recorder, calls, clock } = recording();
  for (let i = 0; i < 200; i += 1) recorder.record(event("x", { object: { ...object, uid: `u${i}` } }));
  await clock.advance(0);
  expect(calls).toHaveLength(100);
  await clock.advance(1000);
  expect(calls.length).toBeGreaterThanOrEqual(148);
  expect(calls.length).toBeLessThanOrEqual(151);
  await clock.advance(2000);
  expect(calls).toHaveLength(200);
});

test("no answer is tried again, a refusal is not, and neither stops what comes after", async () => {
  const { recorder, calls, clock, dropped } = recording([
    new Error("cut"),
    apiError(503, "", 1000),
    undefined,
    apiError(403),
  ]);
  recorder.record(event("a"));
  recorder.record(event("b"));
  recorder.record(event("c"));
  await clock.advance(10_000);
  await clock.advance(1000);
  await recorder.flush();
  expect(calls.map(({ body }) => (body as { message: string }).message)).toEqual(["a", "a", "a", "b", "c"]);
  expect(dropped).toEqual(["b"]);
});

test("the end forgets what is not told, and flush does not wait for it", async () => {
  const { recorder, calls, end } = recording(Array.from({ length: 5 }, () => new Error("cut")));
  recorder.record(event("a"));
  recorder.record(event("b"));
  await new Promise((resolve) => void setImmediate(resolve));
  end.abort();
  await recorder.flush();
  recorder.record(event("c"));
  await recorder.flush();
  expect(calls).toHaveLength(1);
});

test("a message as long as a guest likes is cut", async () => {
  const { recorder, calls } = recording();
  recorder.record(event("x".repeat(100_000)));
  await recorder.flush();
  expect((calls[0]!.body as { message: string }).message).toHaveLength(1024);
});
