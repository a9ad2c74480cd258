/** Somebody sets the clock of a node's machine, forward and back, while the cluster's goes on. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { V1Lease, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guest } from "../compile-guests.ts";
import { temporaryDirectory } from "../krustlet.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import type { OwnClock } from "./own-clock.ts";
import { makeOwnClock } from "./own-clock.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

const SLEEP = "sleep(3600000)";
const HOUR_S = 3600;
let home: Awaited<ReturnType<typeof temporaryDirectory>>;
let clock: OwnClock;
let node: TestNode;
/** How far the node's clock is ahead, seconds. */
let ahead = 0;
const renewals: { readonly renewTime: number; readonly seenAt: number; readonly ready: string }[] = [];
const over = new AbortController();
let observing: Promise<void> = Promise.resolve();

beforeAll(async () => {
  home = await temporaryDirectory();
  clock = await makeOwnClock(home.path);
  node = await joinNode(await sharedCluster(), { environment: clock.environment });
  observing = observe();
});
afterAll(async () => {
  over.abort();
  await observing;
  await node[Symbol.asyncDispose]();
  await clock[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** Sees the node as the cluster does, all the time. */
async function observe(): Promise<void> {
  const look = [
    "get",
    `node/${node.name}`,
    `lease/${node.name}`,
    "--namespace=kube-node-lease",
    "--output=json",
  ];
  while (!over.signal.aborted) {
    const [object, lease] = JSON.parse(await node.cluster.kubectlOutput(look)).items as [
      Awaited<ReturnType<TestNode["object"]>>,
      V1Lease,
    ];
    const renewTime = Date.parse(String(lease.spec?.renewTime));
    const ready = object.status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "";
    if (renewals.at(-1)?.renewTime !== renewTime)
      renewals.push({ renewTime, seenAt: performance.now(), ready });
    await setTimeout(500);
  }
}

async function set(hours: number): Promise<void> {
  ahead = hours * HOUR_S;
  await clock.set(ahead);
}

const get = async (name: string): Promise<V1Pod> =>
  JSON.parse(await node.kubectl(["get", "pod", name, "--output=json"])) as V1Pod;
const restartsOf = (pod: V1Pod): number => pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
/** Seconds from an instant that the node told to its own now. */
const ageOf = (time: Date | string | undefined): number =>
  Date.now() / 1000 + ahead - Date.parse(String(time)) / 1000;
const isBackingOff = (pod: V1Pod): boolean =>
  pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff";

/** Whether the API server takes the token that a pod was given. */
async function tokenIsTaken(pod: V1Pod): Promise<unknown> {
  const volume = pod.spec?.volumes?.find(({ name }) => name.startsWith("kube-api-access-"))?.name ?? "";
  const directory = join(
    node.root,
    "pods",
    pod.metadata?.uid ?? "",
    "volumes/kubernetes.io~projected",
    volume,
  );
  const review = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    spec: { token: await readFile(join(directory, "token"), "utf8") },
  };
  const args = ["create", "-f", "-", "--output=json"];
  return JSON.parse(await node.cluster.kubectlOutput(args, { stdin: JSON.stringify(review) })).status
    .authenticated;
}

/** What a node does all day, now that its clock shows another time. */
async function expectAllWell(name: string): Promise<void> {
  await node.create(
    podOf(name, [exerciser([say("here")])]),
    podOf(`${name}-stays`, [exerciser([SLEEP])], { terminationGracePeriodSeconds: 0 }),
  );
  const ended = await node.pods.until(name, "Succeeded", inPhase("Succeeded"));
  expect(Math.abs(ageOf(ended.status?.startTime))).toBeLessThan(60);
  expect(Math.abs(ageOf(ended.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt))).toBeLessThan(
    60,
  );
  // By the node's own certificate, and that by which it asks the API server who wants to know.
  expect(await node.kubectl(["logs", name])).toBe("here");
  const stays = await node.pods.until(`${name}-stays`, "Ready", hasCondition("Ready"));
  expect(await tokenIsTaken(stays)).toBe(true);
  const events = async (): Promise<readonly { reason: string; lastTimestamp: string }[]> =>
    JSON.parse(
      await node.kubectl(["get", "events", `--field-selector=involvedObject.name=${name}`, "-o", "json"]),
    ).items;
  await expect
    .poll(async () => (await events()).map(({ reason }) => reason), { timeout: 20_000 })
    .toContain("Started");
  const own = (await events()).filter(({ reason }) => reason !== "Scheduled");
  for (const { lastTimestamp } of own) expect(Math.abs(ageOf(lastTimestamp))).toBeLessThan(60);
  await node.kubectl(["delete", "pod", name, `${name}-stays`]);
}

/** A pod that has to be killed is deleted, and the clock is set in the middle of its grace period. */
async function expectGraceAcross(name: string, hours: number): Promise<void> {
  await node.create(
    podOf(name, [{ name: "main", image: `fs/${guest("deaf")}` }], { terminationGracePeriodSeconds: 6 }),
  );
  await node.pods.until(name, "Ready", hasCondition("Ready"));
  await expect.poll(() => node.kubectl(["logs", name])).toBe("deaf\n");
  const began = performance.now();
  await node.kubectl(["delete", "pod", name, "--wait=false"]);
  await setTimeout(2000);
  await set(hours);
  // Something happens to it meanwhile, by the new time.
  await node.kubectl(["label", "pod", name, "seen=yes"]);
  await node.pods.untilGone(name);
  expect(performance.now() - began).toBeGreaterThan(5500);
  expect(performance.now() - began).toBeLessThan(12_000);
}

/** A container is in a back-off of ten seconds, and the clock is set in the middle of it. */
async function expectBackOffAcross(name: string, hours: number): Promise<void> {
  await node.create(podOf(name, [exerciser(["exit(1)"])], { restartPolicy: "Always" }));
  await node.pods.until(name, "in its back-off", (pod) => restartsOf(pod) === 1 && isBackingOff(pod));
  const began = performance.now();
  await setTimeout(2000);
  await set(hours);
  await node.kubectl(["label", "pod", name, "seen=yes"]);
  await node.pods.until(name, "started again", (pod) => restartsOf(pod) === 2);
  expect(performance.now() - began).toBeGreaterThan(8000);
  expect(performance.now() - began).toBeLessThan(16_000);
  await node.kubectl(["delete", "pod", name, "--wait=false"]);
}

describe("a node whose clock is set", () => {
  let before: V1Pod;

  test("keeps what runs when it is two hours ahead, and goes by the new time", async () => {
    await node.create(
      podOf("outlasts", [exerciser([SLEEP])], { restartPolicy: "Always" }),
      podOf("limited", [exerciser([SLEEP])], { activeDeadlineSeconds: HOUR_S }),
    );
    before = await node.pods.until("outlasts", "Ready", hasCondition("Ready"));
    await node.pods.until("limited", "Ready", hasCondition("Ready"));
    await expectBackOffAcross("backs-off", 2);
    await expectAllWell("ahead");
    // Its seconds are the wall clock's, as the kubelet counts them.
    const limited = await node.pods.until("limited", "Failed", inPhase("Failed"));
    expect(limited.status?.reason).toBe("DeadlineExceeded");
  });

  test("keeps what runs when it is set back to before the node was there", async () => {
    await expectGraceAcross("graceful", -0.5);
    await expectAllWell("behind");
  });

  test("keeps what runs when it is right again", async () => {
    await expectBackOffAcross("backs-off-again", 0);
    await expectAllWell("right");
    const after = await get("outlasts");
    expect(restartsOf(after)).toBe(0);
    expect(after.status?.containerStatuses).toEqual(before.status?.containerStatuses);
    expect(await tokenIsTaken(after)).toBe(true);
  });

  test("has renewed its Lease all the time, each time for the node controller to see", () => {
    for (const [index, { renewTime, seenAt, ready }] of renewals.entries()) {
      expect(ready).toBe("True");
      const earlier = renewals[index - 1];
      if (earlier === undefined) continue;
      expect(renewTime).toBeGreaterThan(earlier.renewTime);
      expect(seenAt - earlier.seenAt).toBeLessThan(15_000);
    }
    // Ahead, behind and right again.
    expect(renewals.length).toBeGreaterThan(2);
  });
});
