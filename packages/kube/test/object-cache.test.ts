import type { V1Pod } from "@kubernetes/client-node";
import { FakeClock } from "@krustlet/testkit";
import { NEVER } from "rxjs";
import { expect, test } from "vitest";
import { createObjectCache } from "../src/create-object-cache.ts";
import type { Kube, KubeCall } from "../src/kube.ts";
import { referencedObjectsOf } from "../src/referenced-objects.ts";
import { apiError, ModelApiServer } from "./model-api-server.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function podOf(uid: string, secrets: readonly string[]): V1Pod {
  return {
    metadata: { namespace: "ns", name: uid, uid },
    spec: { containers: [], volumes: secrets.map((name) => ({ name, secret: { secretName: name } })) },
  };
}

/** One model for each object, as a node sees them: through a watch of it alone. */
function caching() {
  const servers = new Map<string, ModelApiServer>();
  const gets: string[] = [];
  const clock = new FakeClock();
  const serverOf = (path: string, name: string): ModelApiServer => {
    const key = `${path.split("/").at(-1)}/${name}`;
    let server = servers.get(key);
    if (server === undefined) servers.set(key, (server = new ModelApiServer()));
    return server;
  };
  const kube = {
    reachable$: NEVER,
    request: async (call: KubeCall) => {
      gets.push(call.path);
      const parts = call.path.split("/");
      const object = serverOf(parts.slice(0, -1).join("/"), parts.at(-1) ?? "")
        .objects.values()
        .next().value;
      if (object === undefined) throw apiError(404);
      return object;
    },
    open: (call: KubeCall, options: { signal?: AbortSignal }) =>
      serverOf(call.path, String(call.query?.["fieldSelector"]).replace("metadata.name=", "")).open(
        call,
        options,
      ),
  } as unknown as Kube;
  const cache = createObjectCache(kube, { clock });
  return {
    cache,
    clock,
    gets,
    server: (key: string) => serverOf(key.split("/")[0] ?? "", key.split("/")[1] ?? ""),
  };
}

test("the objects of a pod are those of its volumes, environments and pull secrets, each once", () => {
  const ref = (name: string): { name: string; key: string } => ({ name, key: "k" });
  const pod: V1Pod = {
    metadata: { namespace: "ns", name: "p", uid: "u" },
    spec: {
      imagePullSecrets: [{ name: "pull" }, {}],
      initContainers: [{ name: "i", envFrom: [{ configMapRef: { name: "init" } }] }],
      containers: [
        {
          name: "c",
          env: [
            { name: "A", valueFrom: { configMapKeyRef: ref("env") } },
            { name: "B", valueFrom: { secretKeyRef: ref("env") } },
            { name: "C", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          ],
          envFrom: [{ secretRef: { name: "pull" } }],
        },
      ],
      ephemeralContainers: [{ name: "e", envFrom: [{ secretRef: { name: "late" } }] }],
      volumes: [
        { name: "a", configMap: { name: "volume" } },
        { name: "b", secret: { secretName: "volume" } },
        { name: "c", projected: { sources: [{ configMap: { name: "p" } }, { secret: { name: "p" } }, {}] } },
        { name: "d", emptyDir: {} },
      ],
    },
  };
  expect(referencedObjectsOf(pod).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "Secret pull",
    "ConfigMap init",
    "ConfigMap env",
    "Secret env",
    "Secret late",
    "ConfigMap volume",
    "Secret volume",
    "ConfigMap p",
    "Secret p",
  ]);
});

test("an object that two pods name is watched once, and until the last of them is gone", async () => {
  const { cache, server, gets } = caching();
  server("secrets/s").put("s");
  cache.register(podOf("u1", ["s"]));
  cache.register(podOf("u1", ["s"]));
  cache.register(podOf("u2", ["s"]));
  expect(await cache.secret("ns", "s")).toMatchObject({ metadata: { name: "s" } });
  expect(server("secrets/s").watches).toBe(1);
  cache.unregister("u1");
  await turn();
  expect(server("secrets/s").watches).toBe(1);
  cache.unregister("u2");
  cache.unregister("u2");
  await turn();
  expect(server("secrets/s").watches).toBe(0);
  expect(gets).toEqual([]);
  // It is not remembered: who asks now asks the API server.
  server("secrets/s").delete("s");
  expect(await cache.secret("ns", "s")).toBeUndefined();
  expect(gets).toHaveLength(1);
});

test("changes are told, deletion too, and what is read afterwards is the newest", async () => {
  const { cache, server } = caching();
  const changes: string[] = [];
  cache.changed$.subscribe(({ kind, name }) => changes.push(`${kind} ${name}`));
  cache.register(podOf("u1", ["s"]));
  expect(await cache.secret("ns", "s")).toBeUndefined();
  expect(changes).toEqual([]);
  server("secrets/s").put("s");
  await turn();
  expect(changes).toEqual(["Secret s"]);
  expect(await cache.secret("ns", "s")).toMatchObject({ metadata: { resourceVersion: "2" } });
  server("secrets/s").delete("s");
  await turn();
  expect(await cache.secret("ns", "s")).toBeUndefined();
  expect(changes).toEqual(["Secret s", "Secret s"]);
});

test("a pod that names something else from now on lets go of the rest", async () => {
  const { cache, server } = caching();
  cache.register(podOf("u1", ["a", "b"]));
  cache.register(podOf("u1", ["b", "c"]));
  await turn();
  expect(["a", "b", "c"].map((name) => server(`secrets/${name}`).watches)).toEqual([0, 1, 1]);
  cache[Symbol.dispose]();
  await turn();
  expect(["a", "b", "c"].map((name) => server(`secrets/${name}`).watches)).toEqual([0, 0, 0]);
});

test("who reads before the first state is there waits for it, but not for ever", async () => {
  const { cache, server, clock } = caching();
  server("secrets/s").put("s");
  server("secrets/s").failures = Array.from({ length: 3 }, () => apiError(403, "no relationship found"));
  cache.register(podOf("u1", ["s"]));
  const reading = cache.secret("ns", "s");
  for (let i = 0; i < 10; i += 1) await clock.advance(400);
  expect(await reading).toMatchObject({ metadata: { name: "s" } });

  server("secrets/t").failures = Array.from({ length: 100 }, () => apiError(403, "no relationship found"));
  cache.register(podOf("u2", ["t"]));
  const failing = cache.secret("ns", "t").then(
    () => undefined,
    (error: unknown) => error,
  );
  for (let i = 0; i < 20; i += 1) await clock.advance(1000);
  expect(await failing).toMatchObject({
    code: "ApiServerUnavailable",
    message: "The Secret ns/t cannot be read: no relationship found.",
  });
  const end = new AbortController();
  const aborted = cache.secret("ns", "t", { signal: end.signal });
  end.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
});
