import { setTimeout as sleep } from "node:timers/promises";

import { KrustletError } from "@krustlet/interface";
import type { ImageStore } from "@krustlet/interface";
import type { DeviceResources } from "@krustlet/device-plugins";
import type { Pressure } from "@krustlet/eviction";
import type { Machine } from "@krustlet/node";
import { FakeClock, MACHINE } from "@krustlet/testkit";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";

import { nodeConfigOf } from "../src/config/node-config-of.ts";
import { awaitNode } from "../src/node/await-node.ts";
import { bootstrapFileOf } from "../src/node/bootstrap-file.ts";
import { admitPod } from "../src/node/admit-pod.ts";
import { withHeldDevices } from "../src/node/with-held-devices.ts";
import { followObjects } from "../src/node/follow-objects.ts";
import { withLocalModules } from "../src/node/local-modules.ts";
import { nodeObjectOf } from "../src/node/node-object.ts";
import { pastAuthorizerLag } from "../src/node/past-authorizer-lag.ts";
import { reachApiServer } from "../src/node/reach-api-server.ts";
import { stopDeadline } from "../src/node/stop-deadline.ts";
import { recordStep } from "../src/node/record-events.ts";
import type { EventInit, ObjectChange } from "@krustlet/kube";
import { initialState, transition } from "@krustlet/pod-machine";

const NOW = new Date("2026-11-24T12:00:00Z");
const config = (flags: Record<string, string> = {}) =>
  nodeConfigOf({ flags, env: {}, cwd: "/", hostname: "edge-1", root: "/r" });
const CALM: Pressure = { memoryPressure: false, diskPressure: false, pidPressure: false };

describe("the Node object", () => {
  const objectOf = (
    flags: Record<string, string>,
    machine: Partial<Machine> = {},
    devices: DeviceResources = { capacity: {}, reserved: {} },
    pressure: Partial<Pressure> = {},
  ) =>
    nodeObjectOf({
      devices,
      config: config(flags),
      version: "0.1.0",
      machine: { ...MACHINE, ...machine },
      addresses: ["192.0.2.1"],
      port: 10_250,
      images: [],
      pressure: { ...CALM, ...pressure },
      errors: [],
      now: NOW,
    });
  it("has the settings' name, labels, taints and room for pods", () => {
    const node = objectOf({
      "node-name": "n1",
      "node-labels": "zone=a",
      "register-with-taints": "",
      "max-pods": "50",
      "pods-per-core": "10",
      "provider-id": "x://1",
    });
    expect(node.metadata?.name).toBe("n1");
    expect(node.metadata?.labels).toMatchObject({ zone: "a", "kubernetes.io/arch": "wasm32-wasi" });
    expect(node.spec).toEqual({ providerID: "x://1" });
    expect(node.status?.capacity).toMatchObject({ pods: "40", cpu: "4" });
    expect(node.status?.nodeInfo?.kubeletVersion).toBe("v1.36.3+krustlet.0.1.0");
  });
  it("has the devices of plugins, and lets pods have the healthy ones", () => {
    const node = objectOf(
      {},
      {},
      { capacity: { "example.com/gpu": "3", "example.com/gone": "0" }, reserved: { "example.com/gpu": "1" } },
    );
    expect(node.status?.capacity).toMatchObject({ "example.com/gpu": "3", "example.com/gone": "0" });
    expect(node.status?.allocatable).toMatchObject({ "example.com/gpu": "2", "example.com/gone": "0" });
  });
  it("keeps what is reserved, and what eviction needs, from pods", () => {
    const node = objectOf({
      "system-reserved": "cpu=500m,memory=1Gi",
      "eviction-hard": "memory.available<1Gi",
    });
    expect(node.status?.allocatable).toMatchObject({ cpu: "3500m", memory: "6Gi" });
  });
  it("says which pressure it is under", () => {
    const node = objectOf({}, {}, undefined, { memoryPressure: true });
    const pressures = node.status?.conditions?.map(({ type, status }) => `${type} ${status}`);
    expect(pressures).toEqual([
      "MemoryPressure True",
      "DiskPressure False",
      "PIDPressure False",
      "Ready True",
    ]);
  });
});

describe("the first word with the API server", () => {
  const init = (answers: readonly unknown[], clock = new FakeClock(NOW)) => {
    const left = [...answers];
    const failures: number[] = [];
    const stop = new AbortController();
    const reached = reachApiServer({
      getNode: () => {
        const answer = left.shift();
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      server: "https://api",
      kubeconfig: "/k",
      clock,
      signal: stop.signal,
      onFailure: (_, retryInMs) => failures.push(retryInMs),
    });
    return { reached, failures, stop, clock };
  };
  const status = (code: number) => Object.assign(new Error(`answered ${code}`), { code });
  const down = new KrustletError("ApiServerUnavailable", "nothing listens there", { retryable: true });

  it.each([[undefined], [status(404)], [status(403)]])("is over when it answers: %s", async (answer) => {
    await expect(init([answer]).reached).resolves.toBeUndefined();
  });
  it("is tried again with waits that double, while nobody listens", async () => {
    const { reached, failures, clock } = init([down, down, status(503), {}]);
    for (let tries = 0; tries < 3; tries += 1) {
      await sleep(0);
      await clock.advance(30_000);
    }
    await reached;
    expect(failures).toEqual([1000, 2000, 4000]);
  });
  it("ends with a sentence where the credentials are not accepted, or the server is not the right one", async () => {
    await expect(init([status(401)]).reached).rejects.toThrow(
      "The API server https://api does not accept the credentials of the kubeconfig /k.",
    );
    const untrusted = new KrustletError("ApiServerUntrusted", "not signed");
    await expect(init([untrusted]).reached).rejects.toBe(untrusted);
  });
  it("ends when the node is stopped", async () => {
    const { reached, stop } = init([down]);
    await sleep(0);
    stop.abort(new Error("stopped"));
    await expect(reached).rejects.toThrow("stopped");
  });
});

describe("followed objects", () => {
  const object = (name: string, version: string) => ({
    metadata: { name, uid: name, resourceVersion: version },
  });
  it("are those that there are now, and say when all have come", async () => {
    const changes$ = new Subject<ObjectChange<ReturnType<typeof object>>>();
    using followed = followObjects(changes$);
    const told: number[] = [];
    followed.changed$.subscribe(() => told.push(followed.values().length));
    const { signal } = new AbortController();
    const synced = followed.synced(signal);
    changes$.next({ type: "added", object: object("a", "1") });
    changes$.next({ type: "added", object: object("b", "1") });
    changes$.next({ type: "synced" });
    await synced;
    changes$.next({ type: "modified", object: object("a", "2") });
    changes$.next({ type: "deleted", object: object("b", "1") });
    expect(followed.values()).toEqual([object("a", "2")]);
    expect(told).toEqual([1, 2, 2, 1]);
  });
  it("do not hold up who stops waiting", async () => {
    using followed = followObjects(new Subject<ObjectChange<ReturnType<typeof object>>>());
    const stop = new AbortController();
    const synced = followed.synced(stop.signal);
    stop.abort(new Error("stopped"));
    await expect(synced).rejects.toThrow("stopped");
  });
});

it("the Event of an eviction has its annotations, and no other Event has", () => {
  const pod: V1Pod = { metadata: { name: "p", uid: "u" }, spec: { containers: [{ name: "c" }] } };
  const annotations = { starved_resource: "memory" };
  const recorded: EventInit[] = [];
  const recorder = { record: (event: EventInit) => recorded.push(event), flush: async () => undefined };
  const evicted = { type: "evicted", at: NOW, reason: "Evicted", message: "low", annotations } as const;
  const previous = initialState(pod, NOW);
  const state = transition(previous, evicted);
  recordStep(recorder, { pod, event: evicted, previous, state });
  const rejected = { type: "rejected", at: NOW, reason: "OutOfcpu", message: "no" } as const;
  recordStep(recorder, { pod, event: rejected, previous, state: transition(previous, rejected) });
  expect(recorded).toMatchObject([
    { reason: "Evicted", message: "low", annotations },
    { reason: "OutOfcpu", annotations: undefined },
  ]);
});

describe("admission", () => {
  const node = (labels: Record<string, string>): V1Node => ({
    metadata: { name: "n", labels: { "kubernetes.io/os": "linux", ...labels } },
    status: { allocatable: { cpu: "1", memory: "1Gi", pods: "10", "ephemeral-storage": "1Gi" } },
  });
  const pod: V1Pod = {
    metadata: { name: "p", namespace: "default", uid: "p" },
    spec: { nodeName: "n", nodeSelector: { zone: "a" }, containers: [{ name: "c" }] },
  };
  it("reads the Node once more before a label is missed", async () => {
    const init = { node: () => node({}), pressure: () => CALM, allowedUnsafeSysctls: [] };
    expect(await admitPod(pod, [], { ...init, readNode: async () => node({ zone: "a" }) })).toBeUndefined();
    expect(await admitPod(pod, [], { ...init, readNode: async () => node({}) })).toMatchObject({
      reason: "NodeAffinity",
    });
    const unreachable = { ...init, readNode: () => Promise.reject(new Error("gone")) };
    expect(await admitPod(pod, [], unreachable)).toMatchObject({ reason: "NodeAffinity" });
  });
  it("goes by the pressures that are measured, whatever the Node at the API server still says", async () => {
    const said = (status: string): V1Node => {
      const newest = node({ zone: "a" });
      newest.status!.conditions = [{ type: "DiskPressure", status }];
      return newest;
    };
    const init = { readNode: async () => node({}), allowedUnsafeSysctls: [] };
    const late = { ...init, node: () => said("True"), pressure: () => CALM };
    expect(await admitPod(pod, [], late)).toBeUndefined();
    const early = { ...init, node: () => said("False"), pressure: () => ({ ...CALM, diskPressure: true }) };
    expect(await admitPod(pod, [], early)).toEqual({
      reason: "Evicted",
      message: "The node had condition: [DiskPressure]. ",
    });
  });
  it("refuses sysctls that are not safe, but for those that the configuration allows", async () => {
    const init = { node: () => node({}), pressure: () => CALM, readNode: async () => node({}) };
    const securityContext = { sysctls: [{ name: "net.core.somaxconn", value: "1" }] };
    const asking: V1Pod = { spec: { containers: [{ name: "c" }], securityContext } };
    expect(await admitPod(asking, [], { ...init, allowedUnsafeSysctls: [] })).toMatchObject({
      reason: "SysctlForbidden",
    });
    expect(await admitPod(asking, [], { ...init, allowedUnsafeSysctls: ["net.core.*"] })).toBeUndefined();
  });
});

describe("modules of the machine's own disk", () => {
  const { signal } = new AbortController();
  const storeThatIsAsked = (asked: string[]): ImageStore => ({
    ensure: async (reference) => {
      asked.push(reference);
      throw new Error("elsewhere");
    },
    list: async () => [],
    remove: async () => false,
  });

  it("are taken by their whole path, and every other image is asked for elsewhere", async () => {
    const asked: string[] = [];
    const images = withLocalModules(storeThatIsAsked(asked), true);
    await expect(images.ensure("fs//nowhere/x.wasm", { policy: "Always", signal })).rejects.toThrow(
      "/nowhere/x.wasm cannot be read",
    );
    for (const other of ["fs/app:v1", "/etc/passwd", "registry.example/fs//x"]) {
      await expect(images.ensure(other, { policy: "Always", signal })).rejects.toThrow("elsewhere");
    }
    expect(asked).toEqual(["fs/app:v1", "/etc/passwd", "registry.example/fs//x"]);
  });

  it("are refused where the node's owner does not allow them, with the option that does", async () => {
    const asked: string[] = [];
    const images = withLocalModules(storeThatIsAsked(asked), false);
    await expect(images.ensure("fs//etc/passwd", { policy: "Always", signal })).rejects.toMatchObject({
      code: "InvalidReference",
      message: "fs//etc/passwd: this node runs no modules of its own disk (--x-allow-local-modules)",
    });
    await expect(images.ensure("fs/app:v1", { policy: "Always", signal })).rejects.toThrow("elsewhere");
    expect(asked).toEqual(["fs/app:v1"]);
  });
});

describe("the bootstrap kubeconfig", () => {
  it("is the one that krustlet bootstrap makes where the settings name none, and never instead of one they name", async () => {
    const own = "/r/config/bootstrap.conf";
    const kubeadms = "/etc/kubernetes/bootstrap-kubelet.conf";
    const found = (there: readonly string[], flags: Record<string, string> = {}): Promise<string> =>
      bootstrapFileOf(config(flags), async (path) => there.includes(path));
    expect(await found([kubeadms, own])).toBe(kubeadms);
    expect(await found([own])).toBe(own);
    expect(await found([])).toBe(kubeadms);
    expect(await found([kubeadms, own], { "bootstrap-kubeconfig": "/mistyped" })).toBe("/mistyped");
  });
});

describe("the time that a node has to stop", () => {
  it("begins when it is asked to, and is forgotten when it has", async () => {
    const clock = new FakeClock(NOW);
    const stop = new AbortController();
    let reached = false;
    using deadline = stopDeadline(stop.signal, 1000, clock);
    void deadline.reached.then(() => (reached = true));
    await clock.advance(5000);
    expect(reached).toBe(false);
    stop.abort();
    await clock.advance(1000);
    expect(reached).toBe(true);
    const forgotten = stopDeadline(stop.signal, 1000, clock);
    forgotten[Symbol.dispose]();
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });
});

describe("what a node may have because of a pod", () => {
  const answers = (...codes: readonly number[]) => {
    const left = [...codes];
    return () => {
      const code = left.shift();
      return code === undefined
        ? Promise.resolve("a token")
        : Promise.reject(Object.assign(new Error(`${code}`), { code }));
    };
  };
  it("is asked for again within a second while the authorizer does not know the pod's node", async () => {
    const clock = new FakeClock(NOW);
    const asked = pastAuthorizerLag(answers(403, 403, 403), clock);
    await clock.advance(1000);
    expect(await asked).toBe("a token");
  });
  it("is given up where it stays forbidden, and at once where something else is wrong", async () => {
    const clock = new FakeClock(NOW);
    const asked = pastAuthorizerLag(answers(...Array<number>(9).fill(403)), clock);
    const failed = asked.catch((error: unknown) => String(error));
    await clock.advance(1000);
    expect(await failed).toContain("403");
    await expect(pastAuthorizerLag(answers(404), clock)).rejects.toThrow("404");
  });
});

describe("a Node that somebody else creates", () => {
  it("is waited for, and taken when it is there", async () => {
    const clock = new FakeClock(NOW);
    const { signal } = new AbortController();
    const left = [Object.assign(new Error("not there"), { code: 404 }), new Error("down")];
    const told: unknown[] = [];
    const getNode = async (name: string): Promise<V1Node> => {
      const error = left.shift();
      if (error !== undefined) throw error;
      return { metadata: { name } };
    };
    const found = awaitNode({ getNode }, "n", { clock, signal, onWaiting: (why) => told.push(why) });
    await clock.advance(10_000);
    expect((await found).metadata?.name).toBe("n");
    expect(told).toEqual([undefined, new Error("down")]);
  });
});

describe("withHeldDevices", () => {
  const node = { metadata: { name: "n" }, status: { allocatable: { cpu: "4", "e.x/a": "0", "e.x/b": "2" } } };
  it("has at least what pods hold", () => {
    const seen = withHeldDevices(node, { "e.x/a": "1", "e.x/b": "1", "e.x/c": "3" });
    expect(seen.status?.allocatable).toEqual({ cpu: "4", "e.x/a": "1", "e.x/b": "2", "e.x/c": "3" });
    expect(seen.metadata).toBe(node.metadata);
  });
  it("is the Node itself where that is enough", () => {
    expect(withHeldDevices(node, { "e.x/b": "2" })).toBe(node);
  });
});
