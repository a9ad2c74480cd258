import type { V1Pod } from "@kubernetes/client-node";
import { FakeClock } from "@krustlet/testkit";
import { expect, test } from "vitest";
import { jsonOf } from "../src/json-of.ts";
import type { Kube, KubeCall } from "../src/kube.ts";
import { planStatusPatch } from "../src/plan-status-patch.ts";
import { podClient } from "../src/pod-client.ts";
import { apiError } from "./model-api-server.ts";

const at = new Date("2026-01-02T03:04:05.678Z");
const metadata = { namespace: "ns", name: "p", uid: "u1" };
const pod = { metadata };
const status = {
  phase: "Running",
  podIP: "10.0.0.1",
  podIPs: [{ ip: "10.0.0.1" }],
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: at, observedGeneration: 1 }],
  containerStatuses: [],
};

/** A Kube whose calls are answered, or refused, in this order. */
function answering(...answers: readonly unknown[]): { kube: Kube; calls: KubeCall[] } {
  const calls: KubeCall[] = [];
  const left = [...answers];
  const request = async (call: KubeCall): Promise<unknown> => {
    calls.push(structuredClone(call));
    const answer = left.shift();
    if (answer instanceof Error) throw answer;
    return structuredClone(answer);
  };
  return { calls, kube: { request } as unknown as Kube };
}

test("a status patch has the UID as precondition, and says what a condition loses", () => {
  expect(planStatusPatch(pod, status)).toEqual({
    metadata: { uid: "u1" },
    status: {
      ...status,
      reason: null,
      message: null,
      conditions: [
        {
          type: "Ready",
          status: "True",
          reason: null,
          message: null,
          lastTransitionTime: at,
          observedGeneration: 1,
        },
      ],
    },
  });
});

test("times go to the second, and microseconds of a MicroTime stay", () => {
  class MicroTime extends Date {
    override toISOString(): string {
      return "2026-01-02T03:04:05.678901Z";
    }
  }
  const text = "2026-01-02T03:04:05.678Z";
  expect(jsonOf({ at, deep: [{ at }], micro: new MicroTime(at), text, nothing: undefined })).toBe(
    `{"at":"2026-01-02T03:04:05Z","deep":[{"at":"2026-01-02T03:04:05Z"}],"micro":"2026-01-02T03:04:05.678901Z","text":"${text}"}`,
  );
});

test("conditions of others are never sent, not even as they were known", () => {
  const known: V1Pod = {
    ...pod,
    status: {
      conditions: [
        { type: "example.com/gate", status: "False" },
        { type: "PodScheduled", status: "True" },
      ],
    },
  };
  const conditions = [
    { type: "PodScheduled", status: "True" },
    { type: "example.com/gate", status: "False" },
    { type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" },
  ];
  const patch = planStatusPatch(known, { ...status, conditions });
  expect(patch.status["conditions"]).toEqual([
    { type: "PodScheduled", status: "True", reason: null, message: null },
  ]);
});

test("a disruption of ours is sent; a condition of ours that is over is removed", () => {
  const known: V1Pod = {
    ...pod,
    status: {
      conditions: [
        { type: "PodResizePending", status: "True" },
        { type: "x/y", status: "True" },
      ],
    },
  };
  const ours = { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" };
  const patch = planStatusPatch(known, { ...status, conditions: [ours] });
  expect(patch.status["conditions"]).toEqual([
    { ...ours, message: null },
    { $patch: "delete", type: "PodResizePending" },
  ]);
});

test("addresses are replaced where the pod has one that it lost, and only there", () => {
  const known: V1Pod = { ...pod, status: { podIPs: [{ ip: "10.0.0.9" }], hostIPs: [{ ip: "1.1.1.1" }] } };
  const patch = planStatusPatch(known, { ...status, hostIPs: [{ ip: "1.1.1.1" }] });
  expect(patch.status["podIPs"]).toEqual([{ ip: "10.0.0.1" }, { $patch: "replace" }]);
  expect(patch.status["hostIPs"]).toEqual([{ ip: "1.1.1.1" }]);
});

test("what is not the kubelet's is not sent", () => {
  const foreign = { nominatedNodeName: "n", resourceClaimStatuses: [{ name: "c" }] };
  const patch = planStatusPatch(pod, { ...status, ...foreign });
  expect(Object.keys(patch.status)).not.toContain("nominatedNodeName");
  expect(Object.keys(patch.status)).not.toContain("resourceClaimStatuses");
});

test("a patched pod comes back with dates and without managed fields", async () => {
  const { kube, calls } = answering({
    metadata: { ...metadata, creationTimestamp: "2026-01-01T00:00:00Z", managedFields: [{}] },
    status: { containerStatuses: [{ state: { running: { startedAt: "2026-01-01T00:00:01Z" } } }] },
  });
  const patched = await podClient(kube).patchPodStatus(pod, status);
  expect(patched).toEqual({
    metadata: { ...metadata, creationTimestamp: new Date("2026-01-01T00:00:00Z") },
    status: { containerStatuses: [{ state: { running: { startedAt: new Date("2026-01-01T00:00:01Z") } } }] },
  });
  expect(calls).toMatchObject([{ method: "PATCH", path: "/api/v1/namespaces/ns/pods/p/status" }]);
});

test("a pod that is not there, or has another UID, is gone", async () => {
  const absent = answering(apiError(404));
  expect(await podClient(absent.kube).patchPodStatus(pod, status)).toBe("gone");
  const another = answering(apiError(409), { metadata: { ...metadata, uid: "u2" } });
  expect(await podClient(another.kube).patchPodStatus(pod, status)).toBe("gone");
  const removed = answering(apiError(409), apiError(404));
  expect(await podClient(removed.kube).patchPodStatus(pod, status)).toBe("gone");
  const said = answering(
    apiError(409, "Precondition failed: UID in precondition: u1, UID in object meta: u2"),
  );
  expect(await podClient(said.kube).patchPodStatus(pod, status)).toBe("gone");
  const foreign = apiError(403, "no relationship found between node 'n' and this object");
  const elsewhere = answering(apiError(403), foreign);
  expect(await podClient(elsewhere.kube).patchPodStatus(pod, status)).toBe("gone");
  await podClient(answering(apiError(403), foreign).kube).deletePod(pod, { gracePeriodSeconds: 0 });
});

test("a conflict about the same pod is tried again with the newest", async () => {
  const now = { metadata: pod.metadata, status: { podIPs: [{ ip: "10.0.0.9" }] } };
  const { kube, calls } = answering(apiError(409), now, { metadata: pod.metadata });
  expect(await podClient(kube).patchPodStatus(pod, status)).toEqual({ metadata: pod.metadata });
  expect(calls.map(({ method }) => method)).toEqual(["PATCH", undefined, "PATCH"]);
  expect(calls[2]?.body).toMatchObject({
    status: { podIPs: [{ ip: "10.0.0.1" }, { $patch: "replace" }] },
  });
});

test("a throttled status waits as it is asked to; a refused one is the caller's", async () => {
  const clock = new FakeClock();
  const { kube, calls } = answering(apiError(429, "", 2000), { metadata: pod.metadata });
  const patching = podClient(kube, clock).patchPodStatus(pod, status);
  await clock.advance(1999);
  expect(calls).toHaveLength(1);
  await clock.advance(1);
  await patching;
  const refusing = podClient(answering(apiError(403), pod).kube);
  await expect(refusing.patchPodStatus(pod, status)).rejects.toMatchObject({ code: 403 });
  const forEver = answering(...Array.from({ length: 20 }, (_, i) => (i % 2 ? pod : apiError(409))));
  await expect(podClient(forEver.kube).patchPodStatus(pod, status)).rejects.toMatchObject({ code: 409 });
});

test("an address that we did not know of is removed by a second patch", async () => {
  const both = { metadata: pod.metadata, status: { podIPs: [{ ip: "10.0.0.9" }, { ip: "10.0.0.1" }] } };
  const { kube, calls } = answering(both, { metadata: pod.metadata });
  await podClient(kube).patchPodStatus(pod, status);
  expect(calls).toHaveLength(2);
  expect(calls[1]?.body).toMatchObject({
    status: { podIPs: [{ ip: "10.0.0.1" }, { $patch: "replace" }] },
  });
});

test("this pod is deleted and no other; one that is gone is deleted", async () => {
  const { kube, calls } = answering({});
  await podClient(kube).deletePod(pod, { gracePeriodSeconds: 0 });
  expect(calls).toMatchObject([
    { method: "DELETE", body: { gracePeriodSeconds: 0, preconditions: { uid: "u1" } } },
  ]);
  const gone = podClient(answering(apiError(404)).kube);
  const another = podClient(answering(apiError(409), { metadata: { uid: "u2" } }).kube);
  await Promise.all([gone, another].map((client) => client.deletePod(pod, { gracePeriodSeconds: 0 })));
  const same = podClient(answering(apiError(409), pod).kube);
  await expect(same.deletePod(pod, { gracePeriodSeconds: 0 })).rejects.toMatchObject({ code: 409 });
});

test("a name cannot lead to another path", async () => {
  const { kube, calls } = answering({});
  const evil: V1Pod = { metadata: { namespace: "../../x", name: "a/status?force=1", uid: "u" } };
  await podClient(kube).deletePod(evil, { gracePeriodSeconds: 0 });
  expect(calls[0]?.path).toBe("/api/v1/namespaces/..%2F..%2Fx/pods/a%2Fstatus%3Fforce%3D1");
});
