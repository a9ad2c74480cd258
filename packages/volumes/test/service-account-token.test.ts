import type { ObjectSource, TokenRequest, TokenSource } from "@krustlet/interface";
import type { V1Pod, V1Volume } from "@kubernetes/client-node";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { createVolumeMounter } from "../src/index.ts";
import { renewalOf } from "../src/renewal-of.ts";
import { podOf, scratch, sourceOf } from "./pod-of.ts";
import type { Objects } from "./pod-of.ts";

const MINUTE = 60_000;
const START = new Date("2026-11-24T12:00:00Z");

/** The volume that the API server adds to nearly every pod. */
const KUBE_API_ACCESS: V1Volume = {
  name: "kube-api-access-x7k2p",
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
        },
      },
    ],
  },
};

const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

function podWith(volume: V1Volume, spec: Partial<V1Pod["spec"]> = {}): V1Pod {
  const pod = podOf([volume], [{ name: volume.name, mountPath: MOUNT_PATH, readOnly: true }]);
  Object.assign(pod.spec!, { serviceAccountName: "robot", ...spec });
  return pod;
}

/** A mounter over a clock that the test moves, and an API server that numbers its tokens. */
async function openBench(objects: Objects | ObjectSource = {}) {
  const root = await scratch();
  const requests: TokenRequest[] = [];
  const warnings: string[] = [];
  const bench = {
    now: START,
    /** How far the node's wall clock is from the server's, milliseconds. */
    setBy: 0,
    requests,
    warnings,
    failure: undefined as Error | undefined,
    root: root.path,
    read: (volume: V1Volume, file: string) =>
      readFile(
        join(root.path, "pods/11111111-2222/volumes/kubernetes.io~projected", volume.name, file),
        "utf8",
      ),
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
  const tokens: TokenSource = async (request) => {
    requests.push(request);
    if (bench.failure !== undefined) throw bench.failure;
    const expiresAt = new Date(bench.now.getTime() + request.expirationSeconds * 1000);
    return { token: `token ${requests.length}`, expiresAt };
  };
  const mounter = createVolumeMounter({
    rootDirectory: root.path,
    objects: "configMap" in objects ? objects : sourceOf(objects),
    tokens,
    clock: { now: () => new Date(bench.now.getTime() + bench.setBy), elapsed: () => bench.now.getTime() },
    random: () => 0.5,
    onWarning: (message) => warnings.push(message),
  });
  return Object.assign(bench, { mounter });
}

const ROOT_CA: Objects = { configMaps: { "kube-root-ca.crt": { data: { "ca.crt": "PEM" } } } };

describe("the volume kube-api-access", () => {
  it("holds a token for the pod's service account, the cluster's certificates and the namespace", async () => {
    await using bench = await openBench(ROOT_CA);
    await using volumes = await bench.mounter.mount(podWith(KUBE_API_ACCESS));
    expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 1");
    expect(await bench.read(KUBE_API_ACCESS, "ca.crt")).toBe("PEM");
    expect(await bench.read(KUBE_API_ACCESS, "namespace")).toBe("shop");
    const [mount] = await volumes.mountsOf("main", {});
    expect(mount).toMatchObject({ target: MOUNT_PATH, readOnly: true });
    expect(bench.requests).toEqual([
      {
        namespace: "shop",
        serviceAccount: "robot",
        audiences: [],
        expirationSeconds: 3607,
        pod: { name: "web", uid: "11111111-2222" },
      },
    ]);
  });

  it("asks for one token only, however often the mount has to wait for the certificates", async () => {
    const objects: Objects = {};
    await using bench = await openBench(objects);
    const pod = podWith(KUBE_API_ACCESS);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(bench.mounter.mount(pod)).rejects.toMatchObject({
        code: "ObjectNotFound",
        retryable: true,
        volume: "kube-api-access-x7k2p",
        detail: 'configmap "kube-root-ca.crt" not found',
      });
    }
    objects.configMaps = ROOT_CA.configMaps;
    await using volumes = await bench.mounter.mount(pod);
    expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 1");
    expect(volumes.nextRefresh?.()).toBeDefined();
  });
});

describe("a service account token", () => {
  it("stays until a fifth of its time is left, and is then replaced in place", async () => {
    await using bench = await openBench(ROOT_CA);
    const pod = podWith(KUBE_API_ACCESS);
    await using volumes = await bench.mounter.mount(pod);
    const due = volumes.nextRefresh?.();
    expect(due).toEqual(new Date(START.getTime() + 0.8 * 3_607_000 - 5_000));
    bench.now = new Date(due!.getTime() - 1);
    await volumes.refresh(pod);
    expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 1");
    bench.now = due!;
    await volumes.refresh(pod);
    expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 2");
    expect(volumes.nextRefresh?.()?.getTime()).toBeGreaterThan(bench.now.getTime());
  });

  it.each([-2, 2])(
    "is replaced in time though the node's clock is set by %s hours meanwhile",
    async (hours) => {
      await using bench = await openBench(ROOT_CA);
      const pod = podWith(KUBE_API_ACCESS);
      await using volumes = await bench.mounter.mount(pod);
      const due = volumes.nextRefresh?.();
      bench.setBy = hours * 60 * MINUTE;
      expect(volumes.nextRefresh?.()).toEqual(new Date(due!.getTime() + bench.setBy));
      bench.now = new Date(due!.getTime() - 1);
      await volumes.refresh(pod);
      expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 1");
      bench.now = due!;
      await volumes.refresh(pod);
      expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 2");
    },
  );

  it("is renewed all the same where the node's clock is hours from the server's", async () => {
    for (const [hours, most] of [
      [2, MINUTE],
      [-2, 0.8 * 3_607_000],
    ] as const) {
      await using bench = await openBench(ROOT_CA);
      bench.setBy = hours * 60 * MINUTE;
      const pod = podWith(KUBE_API_ACCESS);
      await using volumes = await bench.mounter.mount(pod);
      const due = volumes.nextRefresh?.();
      expect(due!.getTime() - bench.setBy - START.getTime()).toBeLessThanOrEqual(most);
      bench.now = new Date(START.getTime() + most);
      await volumes.refresh(pod);
      expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 2");
    }
  });

  it("is not asked for anew because another object of the volume changed", async () => {
    const objects: Objects = { configMaps: { "kube-root-ca.crt": { data: { "ca.crt": "old" } } } };
    await using bench = await openBench(objects);
    const pod = podWith(KUBE_API_ACCESS);
    await using volumes = await bench.mounter.mount(pod);
    objects.configMaps = { "kube-root-ca.crt": { data: { "ca.crt": "new" } } };
    await volumes.refresh(pod, {
      changed: { kind: "ConfigMap", namespace: "shop", name: "kube-root-ca.crt" },
    });
    expect(await bench.read(KUBE_API_ACCESS, "ca.crt")).toBe("new");
    expect(bench.requests).toHaveLength(1);
  });

  it("that cannot be renewed is used as long as it holds, and that is told without the token", async () => {
    await using bench = await openBench(ROOT_CA);
    const pod = podWith(KUBE_API_ACCESS);
    await using volumes = await bench.mounter.mount(pod);
    bench.failure = new Error("the server is down");
    bench.now = volumes.nextRefresh?.() ?? START;
    await volumes.refresh(pod);
    expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 1");
    expect(bench.warnings).toEqual([
      "pod shop/web: the token of service account robot could not be renewed; " +
        "the one it has holds until 2026-11-24T13:00:07.000Z",
    ]);
    expect(volumes.nextRefresh?.()).toEqual(new Date(bench.now.getTime() + MINUTE));
    bench.now = new Date("2026-11-24T13:00:07Z");
    await expect(volumes.refresh(pod)).rejects.toMatchObject({
      code: "VolumeFailed",
      retryable: true,
      volume: "kube-api-access-x7k2p",
      detail: "failed to fetch token: the server is down",
    });
    bench.failure = undefined;
    await volumes.refresh(pod);
    expect(await bench.read(KUBE_API_ACCESS, "token")).toBe("token 4");
  });

  it("is one for each audience and time, and each pod", async () => {
    await using bench = await openBench();
    const projected = {
      sources: [
        { serviceAccountToken: { path: "vault", audience: "vault", expirationSeconds: 600 } },
        { serviceAccountToken: { path: "long", audience: "vault", expirationSeconds: 7200 } },
        { serviceAccountToken: { path: "again", audience: "vault", expirationSeconds: 600 } },
      ],
    };
    const pod = podWith({ name: "t", projected });
    await using first = await bench.mounter.mount(pod);
    const other = structuredClone(pod);
    other.metadata!.uid = "33333333-4444";
    await using second = await bench.mounter.mount(other);
    expect(bench.requests.map(({ audiences, pod: { uid } }) => [...audiences, uid])).toEqual([
      ["vault", "11111111-2222"],
      ["vault", "11111111-2222"],
      ["vault", "33333333-4444"],
      ["vault", "33333333-4444"],
    ]);
    const soonest = new Date(START.getTime() + 480_000 - 5_000);
    expect([first.nextRefresh?.(), second.nextRefresh?.()]).toEqual([soonest, soonest]);
  });

  it("is forgotten with the pod", async () => {
    await using bench = await openBench();
    const pod = podWith({ name: "t", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } });
    await (await bench.mounter.mount(pod))[Symbol.asyncDispose]();
    await using volumes = await bench.mounter.mount(pod);
    expect(bench.requests).toHaveLength(2);
    expect(volumes.nextRefresh?.()).toBeDefined();
  });

  it.each<[string, Partial<V1Pod["spec"]>, number]>([
    ["the volume's, where the pod says nothing of users", {}, 0o644],
    ["0600 where all containers are one user's", { securityContext: { runAsUser: 1000 } }, 0o600],
    ["0600 where files are a group's", { securityContext: { fsGroup: 2000 } }, 0o600],
    [
      "the volume's, where users differ",
      { initContainers: [{ name: "init", securityContext: { runAsUser: 7 } }] },
      0o644,
    ],
  ])("has the mode %s", async (_what, spec, mode) => {
    await using bench = await openBench(ROOT_CA);
    await using _volumes = await bench.mounter.mount(podWith(KUBE_API_ACCESS, spec));
    const path = join(bench.root, "pods/11111111-2222/volumes/kubernetes.io~projected", KUBE_API_ACCESS.name);
    expect((await stat(join(path, "token"))).mode & 0o777).toBe(mode);
  });

  it("for less than ten minutes is refused", async () => {
    await using bench = await openBench();
    const sources = [{ serviceAccountToken: { path: "token", expirationSeconds: 599 } }];
    await expect(bench.mounter.mount(podWith({ name: "t", projected: { sources } }))).rejects.toThrow(
      "expirationSeconds of a token must be at least 600",
    );
    expect(bench.requests).toEqual([]);
  });
});

describe("renewalOf", () => {
  const after = (seconds: number, random = 0): number => renewalOf(seconds * 1000, random) / 1000;

  it("is when a fifth of the time is left, or after a day, up to ten seconds earlier", () => {
    expect(after(3600)).toBe(2880);
    expect(after(3600, 0.9)).toBe(2871);
    expect(after(365 * 24 * 3600)).toBe(24 * 3600);
  });

  it("is not sooner than in a minute, also where the clocks of node and server differ", () => {
    expect(after(-500)).toBe(60);
    expect(after(70, 0.99)).toBe(60);
  });
});
